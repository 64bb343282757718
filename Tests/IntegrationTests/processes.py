"""The programs under test, as processes: started, read, and ended by their own ids."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

#: What a test asserts may take five times as long as promised when all suites share two cores.
PATIENCE = 30


def kt_binary():
    """The `kt` under test: `KT_BINARY`, else the release build."""
    path = REPOSITORY / os.environ.get("KT_BINARY", ".build/release/kt")
    if not path.exists():
        raise FileNotFoundError(f"there is no kt at {path}: build it, or set KT_BINARY")
    return str(path)


class ProcessEnded(AssertionError):
    """A process ended before it said what a test waits for."""


class Process:
    """One process, whose output goes to a file in `folder`."""

    def __init__(self, arguments, folder, name, environment=None):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log = folder / f"{name}.log"
        self.home = folder / f"{name}-home"
        self.home.mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.home), "LANG": "C.UTF-8",
            # Each set of patterns is compiled once for all tests.
            "KEEPTRUSTS_PATTERN_DIR": str(REPOSITORY / ".build" / "test-patterns"), **(environment or {}),
        }
        self.process = None
        #: The bits that new files go without; None for those of the tests' own process.
        self.umask = None
        #: How many files it may have open: the soft and the hard limit; None for those of the tests' own process.
        self.open_files = None
        self._read_from = 0

    def start(self):
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self.environment,
                cwd=self.home, umask=-1 if self.umask is None else self.umask, preexec_fn=self._limit_files(),
            )
        return self

    def _limit_files(self):
        limits = self.open_files
        return limits and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))

    @property
    def pid(self):
        return self.process.pid

    @property
    def output(self):
        """What it wrote since its last start."""
        with open(self.log, "rb") as log:
            log.seek(self._read_from)
            return log.read().decode("utf-8", "replace")

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def files(self):
        """How many files it has open, sockets among them."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def cpu_seconds(self):
        """What it has computed so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for(self, pattern, timeout=PATIENCE):
        """Waits for a line of its output; returns the match."""
        end = time.monotonic() + timeout
        while True:
            ended = not self.is_running
            if match := re.search(pattern, self.output, re.MULTILINE):
                return match
            if ended:
                raise ProcessEnded(f"{self.name} ended with {self.process.returncode}:\n{self.output[-4000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"{self.name} did not say {pattern!r} in {timeout} s:\n{self.output[-4000:]}")
            time.sleep(0.02)

    def wait_to_listen(self, component, timeout=PATIENCE):
        """The URL of a listener, from the line that announces it."""
        return self.wait_for(rf"^{component} listening on (https?://\S+?)/?\s*$", timeout).group(1)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """Waits for its end; returns its exit status."""
        return self.process.wait(timeout)

    def stop(self, timeout=PATIENCE):
        """Asks it to end, and makes it end when it does not; returns its exit status."""
        if self.is_running:
            self.signal(signal.SIGTERM)
            try:
                return self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not end within {timeout} s of SIGTERM:\n{self.output[-4000:]}")
        return self.process.returncode if self.process else None

    def kill(self):
        """Ends it as a crash would; that it has ended is no failure then."""
        if self.is_running:
            self.signal(signal.SIGKILL)
            self.wait()
        self.process = None


def run_kt(*arguments, environment=None, folder=None, timeout=PATIENCE):
    """Runs `kt` to its end: (exit status, standard output, standard error)."""
    home = {"HOME": str(folder)} if folder else {}
    result = subprocess.run(
        [kt_binary(), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        env={
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
            "KEEPTRUSTS_PATTERN_DIR": str(REPOSITORY / ".build" / "test-patterns"), **home, **(environment or {}),
        },
        cwd=folder,
    )
    return result.returncode, result.stdout, without_patience(result.stderr)


def without_patience(errors):
    """What a command wrote for its reader, apart from the line that only those get who come first: see `PatternCache`."""
    return re.sub(r"^compiling patterns, which .*\n", "", errors, flags=re.MULTILINE)
