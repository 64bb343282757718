"""A recording TCP tap: forwards connections to one address and keeps every byte of both directions."""

import asyncio
import threading
import time

from background import shared_loop


class TappedConnection:
    """The bytes of one connection."""

    def __init__(self):
        self.sent = bytearray()
        self.answered = bytearray()
        self.opened_at = time.monotonic()
        self.closed_at = None


class Tap:
    """Stands before `host:port` on a free loopback port."""

    def __init__(self, host, port):
        self._loop = shared_loop()
        self._target = (host, port)
        self._lock = threading.Lock()
        self.connections = []
        self._writers = set()
        self._server = self._loop.run(asyncio.start_server(self._forward, "127.0.0.1", 0, backlog=512))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def sent(self):
        """All that went to the target."""
        with self._lock:
            return b"\n".join(bytes(connection.sent) for connection in self.connections)

    @property
    def answered(self):
        """All that came back."""
        with self._lock:
            return b"\n".join(bytes(connection.answered) for connection in self.connections)

    def forget(self):
        """Drops what was recorded; open connections go on being recorded."""
        with self._lock:
            for connection in self.connections:
                connection.sent.clear()
                connection.answered.clear()

    async def _forward(self, reader, writer):
        connection = TappedConnection()
        with self._lock:
            self.connections.append(connection)
        try:
            target_reader, target_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, target_writer}
        await asyncio.gather(
            self._copy(reader, target_writer, connection.sent),
            self._copy(target_reader, writer, connection.answered),
        )
        connection.closed_at = time.monotonic()
        self._writers -= {writer, target_writer}

    async def _copy(self, reader, writer, record):
        try:
            while data := await reader.read(65536):
                with self._lock:
                    record += data
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            writer.transport.abort()

    def stop(self):
        async def close():
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
        self._loop.run(close())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
