"""HTTP by hand: bytes that no client library would send, and answers with nothing hidden."""

import dataclasses
import json
import socket
import ssl
import time
import urllib.parse


@dataclasses.dataclass
class Response:
    status: int
    headers: list
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)


class Connection:
    """One connection, over which requests go as bytes."""

    def __init__(self, url, timeout=15, authority=None):
        parts = urllib.parse.urlsplit(url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=authority)
            self.socket = context.wrap_socket(self.socket, server_hostname=parts.hostname)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, body=None, headers=None, key=None):
        """Sends one well-formed request and reads its answer."""
        self.send(request_bytes(self.host, method, path, body, headers, key))
        return self.read()

    def read_some(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return data

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.read_some():
                raise ConnectionError(f"the connection ended before an answer's head: {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
        return Response(int(lines[0].split(" ")[1]), headers, b"")

    def read(self, head_only=False):
        """Reads one answer."""
        response = self.read_head()
        if 100 <= response.status < 200:
            return self.read()
        if head_only or response.status in (204, 304):
            return response
        if response.header("transfer-encoding"):
            response.body = b"".join(self.chunks())
        elif (length := response.header("content-length")) is not None:
            response.body = self.take(int(length))
        else:
            while self.read_some():
                pass
            response.body, self.buffer = self.buffer, b""
        return response

    def take(self, size):
        while len(self.buffer) < size:
            if not self.read_some():
                raise ConnectionError(f"the body ended after {len(self.buffer)} of {size} bytes")
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.read_some():
                raise ConnectionError("the body ended within a chunk's head")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def chunks(self):
        """The chunks of a body, as they come."""
        while size := int(self.line().split(b";")[0], 16):
            yield self.take(size)
            self.take(2)
        self.take(2)

    def is_closed(self, within=5):
        """Whether the other side ends the connection in time without another byte."""
        self.socket.settimeout(within)
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except (ConnectionResetError, ssl.SSLEOFError):
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request_bytes(host, method, path, body=None, headers=None, key=None):
    payload = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    fields = {"host": host}
    if key:
        fields["authorization"] = f"Bearer {key}"
    if payload is not None:
        fields |= {"content-type": "application/json", "content-length": len(payload)}
    fields |= headers or {}
    lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (payload or b"")


def call(url, method, path, body=None, headers=None, key=None, timeout=30, authority=None):
    """One request on a connection of its own."""
    with Connection(url, timeout, authority) as connection:
        return connection.request(method, path, body, {"connection": "close", **(headers or {})}, key)


def chat(url, key, content, model="gpt-4o", headers=None, timeout=30, **fields):
    """One chat completion, not streamed unless `stream=True` is among the fields."""
    body = {"model": model, "messages": [{"role": "user", "content": content}], **fields}
    return call(url, "POST", "/v1/chat/completions", body, headers, key, timeout)


def events(response):
    """The data of a streamed answer's events."""
    return [
        "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
        for block in response.body.decode().replace("\r\n", "\n").split("\n\n") if block.strip()
    ]


def called_with(response, stream):
    """What a tool is called with, in a whole answer or put together from a streamed one."""
    if not stream:
        return response.json["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    deltas = [json.loads(data)["choices"] for data in events(response) if data != "[DONE]"]
    calls = [call for choices in deltas for choice in choices for call in choice["delta"].get("tool_calls", [])]
    return "".join(call["function"].get("arguments", "") for call in calls)


def streamed_text(response, choice=0):
    """The text that a client puts together from a streamed answer."""
    text = ""
    for data in events(response):
        if data != "[DONE]":
            for part in json.loads(data).get("choices", []):
                if part["index"] == choice:
                    text += part["delta"].get("content") or ""
    return text


def eventually(check, timeout=10, interval=0.05):
    """Calls `check` until it returns something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout} s it was still {value!r}")
        time.sleep(interval)
