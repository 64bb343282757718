"""A scripted provider: speaks OpenAI's and Anthropic's wire formats, with faults, and keeps what it received."""

import asyncio
import collections
import dataclasses
import json
import re
import socket
import struct
import threading
import time

from background import shared_loop
from replies import CLOSE, HANG, RESET, Answer, Gate, response

MODELS = {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "simulator"}]}


@dataclasses.dataclass
class ReceivedRequest:
    """One request, as it came."""

    raw: bytes
    method: str
    path: str
    headers: list
    body: bytes
    connection: int
    at: float
    script: str = ""
    answered_at: float | None = None
    cancelled_at: float | None = None

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)


class Simulator:
    """A server on a free loopback port.

    Which reply a request gets: that of the script whose name is the path's first segment (`/late/v1/...`) or stands in
    the body as `[[late]]`; else that of its model; else that of the script `""`. A script's replies go out in order,
    and its last one forever.
    """

    def __init__(self, ssl=None, reply=None, host="127.0.0.1"):
        self._loop = shared_loop()
        self._lock = threading.Condition()
        self._scripts = {"": collections.deque([reply or Answer()])}
        self._connections = 0
        self._open = set()
        self.requests = []
        self._server = self._loop.run(self._listen(ssl, host))
        self.port = self._server.sockets[0].getsockname()[1]
        self.host = host
        self.url = f"{'https' if ssl else 'http'}://{'localhost' if ssl else host}:{self.port}"

    async def _listen(self, ssl, host):
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Connection(self), host, 0, ssl=ssl, backlog=1024)

    def script(self, name, *replies):
        """Says what the next requests of this script, model or path get; returns the base URL of the script."""
        with self._lock:
            self._scripts[name] = collections.deque(replies)
        return f"{self.url}/{name}/v1" if name else f"{self.url}/v1"

    def base_url(self, name=""):
        return f"{self.url}/{name}/v1" if name else f"{self.url}/v1"

    def received(self, containing=None):
        """The requests so far, of all or of those whose bytes hold a text."""
        with self._lock:
            requests = list(self.requests)
        if containing is None:
            return requests
        return [request for request in requests if containing.encode() in request.raw]

    def forget(self):
        with self._lock:
            self.requests.clear()

    def wait_for(self, condition, timeout=10):
        """Waits until `condition(requests)` is true."""
        with self._lock:
            if not self._lock.wait_for(lambda: condition(self.requests), timeout):
                raise AssertionError(f"the simulator waited {timeout} s in vain; it has {len(self.requests)} requests")

    def stop(self):
        async def close():
            self._server.close()
            for connection in list(self._open):
                connection.transport.abort()
        self._loop.run(close())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # What connections call, on the loop.

    def reply_for(self, request):
        marks = [request.path.split("/")[1]]
        marks += re.findall(r"\[\[([a-z0-9-]+)\]\]", request.body.decode("utf-8", "replace"))
        marks.append(str(request.json.get("model")))
        with self._lock:
            request.script = next((mark for mark in marks if mark in self._scripts), "")
            replies = self._scripts[request.script]
            reply = replies[0]
            if len(replies) > 1:
                replies.popleft()
            self.requests.append(request)
            self._lock.notify_all()
        return reply

    def changed(self):
        with self._lock:
            self._lock.notify_all()

    def next_connection(self):
        self._connections += 1
        return self._connections


class _Connection(asyncio.Protocol):
    def __init__(self, simulator):
        self.simulator = simulator
        self.buffer = bytearray()
        self.closed = asyncio.Event()
        self.drained = asyncio.Event()
        self.drained.set()
        self.task = None

    def connection_made(self, transport):
        self.transport = transport
        self.number = self.simulator.next_connection()
        self.simulator._open.add(self)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        self.buffer += data
        self.proceed()

    def eof_received(self):
        self.closed.set()

    def connection_lost(self, _):
        self.closed.set()
        self.drained.set()
        self.simulator._open.discard(self)

    def pause_writing(self):
        self.drained.clear()

    def resume_writing(self):
        self.drained.set()

    def proceed(self):
        if self.task is None and (request := take_request(self.buffer, self.number)):
            self.task = asyncio.get_running_loop().create_task(self.answer(request))

    async def answer(self, request):
        try:
            if request.method == "GET" and request.path.endswith("/models"):
                self.transport.write(response(200, json.dumps(MODELS)))
            else:
                await self.play(self.simulator.reply_for(request).steps(request))
            if self.closed.is_set():
                request.cancelled_at = time.monotonic()
            else:
                request.answered_at = time.monotonic()
        finally:
            self.simulator.changed()
            self.task = None
        self.proceed()

    async def play(self, steps):
        for step in steps:
            if self.closed.is_set():
                return
            if isinstance(step, bytes):
                self.transport.write(step)
                await self.drained.wait()
                # The other side gets a chance to read each write by itself.
                await asyncio.sleep(0)
            elif isinstance(step, float):
                await self.pause(step)
            elif isinstance(step, Gate):
                await asyncio.to_thread(step.wait)
            elif step == HANG:
                await self.closed.wait()
            elif step == CLOSE:
                self.transport.close()
                return
            elif step == RESET:
                linger = struct.pack("ii", 1, 0)
                self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.transport.abort()
                return

    async def pause(self, seconds):
        try:
            await asyncio.wait_for(self.closed.wait(), seconds)
        except TimeoutError:
            pass


def take_request(buffer, connection):
    """Takes one whole request off the front of the buffer, or nothing."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
    fields = {name.lower(): value for name, value in headers}
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body, stop = take_chunks(buffer, end + 4)
    else:
        stop = end + 4 + int(fields.get("content-length", 0))
        body = bytes(buffer[end + 4:stop]) if len(buffer) >= stop else None
    if body is None:
        return None
    raw = bytes(buffer[:stop])
    del buffer[:stop]
    return ReceivedRequest(raw, method, path, headers, body, connection, time.monotonic())


def take_chunks(buffer, at):
    body = bytearray()
    while True:
        line = buffer.find(b"\r\n", at)
        if line < 0:
            return None, at
        size = int(bytes(buffer[at:line]).split(b";")[0], 16)
        stop = line + 2 + size + 2
        if len(buffer) < stop:
            return None, at
        body += buffer[line + 2:line + 2 + size]
        at = stop
        if size == 0:
            return bytes(body), at
