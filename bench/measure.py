"""Processes and CPU time, for benchmarks."""

import glob
import http.client
import os
import re
import socket
import subprocess
import time


def family(pid):
    """A process and its descendants."""
    pids = [pid]
    for task in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(task) as children:
            for child in children.read().split():
                pids += family(int(child))
    return pids


def cpu_nanoseconds(pid):
    """What a process and its descendants have used so far, threads that have ended included (steps of a clock tick)."""
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/stat") as file:
                # utime and stime, the 14th and the 15th field; the 2nd may hold spaces.
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid):
    total = 0
    for member in family(pid):
        with open(f"/proc/{member}/status") as file:
            total += int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))
    return total / 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=15):
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def call(port, method, path, body=None, headers=None):
    """One request: (status, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def load(port, path, script, seconds, connections, environment):
    """Runs wrk: a dictionary of what it saw. Raises when an answer was not a 200."""
    output = subprocess.run(
        [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", script,
            f"http://127.0.0.1:{port}{path}",
        ],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    ).stdout
    if wrong := re.search(r"Non-2xx.*|Socket errors.*", output):
        raise RuntimeError(f"the load saw failures: {wrong.group(0)}")
    return {
        "requests": int(re.search(r"(\d+) requests in", output).group(1)),
        "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)),
        "p50_us": microseconds(re.search(r"^ +50% +(\S+)", output, re.MULTILINE).group(1)),
        "p99_us": microseconds(re.search(r"^ +99% +(\S+)", output, re.MULTILINE).group(1)),
    }


def microseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]
