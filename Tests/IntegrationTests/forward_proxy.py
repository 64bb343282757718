"""A forward proxy: CONNECT tunnels and absolute-form requests, each written down."""

import asyncio
import base64

from background import shared_loop


class ForwardProxy:
    def __init__(self, credentials=None, greeting=b"HTTP/1.1 200 Connected\r\n\r\n"):
        self._greeting = greeting
        self._loop = shared_loop()
        self._expected = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else None
        self.tunnels = []
        self.requests = []
        self.refused = 0
        self._writers = set()
        self._server = self._loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://{credentials + '@' if credentials else ''}127.0.0.1:{self.port}"

    @property
    def used(self):
        return self.tunnels + self.requests

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ", 2)
            fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            if self._expected and fields.get("proxy-authorization") != self._expected.lower():
                self.refused += 1
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                return
            if method == "CONNECT":
                self.tunnels.append(target)
                await self._tunnel(target, reader, writer, b"", self._greeting)
            else:
                self.requests.append(target)
                authority, _, path = target.removeprefix("http://").partition("/")
                first = head.replace(target.encode(), b"/" + path.encode(), 1)
                await self._tunnel(authority, reader, writer, first, b"")
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _tunnel(self, authority, reader, writer, first, greeting):
        host, port = authority.rsplit(":", 1)
        target_reader, target_writer = await asyncio.open_connection(host, int(port))
        self._writers.add(target_writer)
        writer.write(greeting)
        target_writer.write(first)
        await asyncio.gather(copy(reader, target_writer), copy(target_reader, writer))
        target_writer.close()
        self._writers.discard(target_writer)

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


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
