"""A load of many exchanges over kept-alive connections, each of whose fates is written down."""

import asyncio
import dataclasses
import json
import threading
import time


@dataclasses.dataclass
class Outcome:
    """What a client saw of one exchange; no status when it never saw a whole answer."""

    number: int
    status: int | None = None
    request_id: str | None = None
    version: str | None = None
    error: str | None = None
    stage: str = "connect"


class Load(threading.Thread):
    """`count` chat completions over some connections, spread evenly over a time."""

    def __init__(self, url, key, count, connections=16, seconds=0, stream=False, model="gpt-4o"):
        super().__init__(daemon=True)
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port, self.key, self.count, self.connections, self.seconds = int(port), key, count, connections, seconds
        self.stream, self.model = stream, model
        self.outcomes = []
        self._next = 0
        self.began = None

    @property
    def completed(self):
        return [outcome for outcome in self.outcomes if outcome.status == 200]

    @property
    def failures(self):
        return [outcome for outcome in self.outcomes if outcome.status != 200]

    def finish(self, timeout=180):
        self.join(timeout)
        assert not self.is_alive(), f"after {timeout} s only {len(self.outcomes)} of {self.count} exchanges had ended"
        return self

    def wait_until(self, number, timeout=120):
        """Waits until this many exchanges have ended."""
        end = time.monotonic() + timeout
        while len(self.outcomes) < number:
            assert time.monotonic() < end, f"only {len(self.outcomes)} of {number} exchanges ended in time"
            time.sleep(0.01)

    def run(self):
        self.began = time.monotonic()
        asyncio.run(self._all())

    async def _all(self):
        await asyncio.gather(*(self._worker() for _ in range(self.connections)))

    async def _worker(self):
        reader = writer = None
        while self._next < self.count:
            number = self._next
            self._next += 1
            if self.seconds:
                due = self.began + number * self.seconds / self.count
                await asyncio.sleep(max(0, due - time.monotonic()))
            outcome = Outcome(number)
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                keeps_alive = await asyncio.wait_for(self._exchange(outcome, reader, writer), 60)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                outcome.status, outcome.error, keeps_alive = None, repr(error), False
            self.outcomes.append(outcome)
            if not keeps_alive and writer is not None:
                writer.close()
                reader = writer = None

    async def _exchange(self, outcome, reader, writer):
        outcome.stage = "request"
        body = json.dumps({
            "model": self.model, "messages": [{"role": "user", "content": f"Exchange number {outcome.number}."}],
            "stream": self.stream,
        }).encode()
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
            b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s" % (self.key.encode(), len(body), body)
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        outcome.stage = "body"
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        if "content-length" in fields:
            body = await reader.readexactly(int(fields["content-length"]))
            if " 200 " not in head[0]:
                outcome.error = body.decode("utf-8", "replace")
        else:
            while size := int(await reader.readuntil(b"\r\n"), 16):
                await reader.readexactly(size + 2)
            await reader.readexactly(2)
        outcome.status = int(head[0].split(" ")[1])
        outcome.request_id = dict(line.split(": ", 1) for line in head[1:] if ": " in line).get("x-request-id")
        outcome.version = fields.get("x-keeptrusts-config-version")
        return fields.get("connection") != "close"
