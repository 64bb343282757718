"""A relay before the API that refuses every batch of events with a word in it, as a stricter API would."""

import http.client
import http.server
import json
import threading
import urllib.parse


class PickyRelay:
    def __init__(self, target, word):
        parts = urllib.parse.urlsplit(target)
        relay = self
        self.refused = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.path == "/v1/gateway/events" and word in body:
                    relay.refused += 1
                    error = {"type": "invalid_input", "code": "json.malformed", "message": "No such field."}
                    return self.answer(422, json.dumps({"error": error}).encode())
                connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
                try:
                    fields = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                    connection.request(self.command, self.path, body or None, fields)
                    response = connection.getresponse()
                    self.answer(response.status, response.read(), response.getheader("etag"))
                except OSError:
                    self.answer(502, b"")
                finally:
                    connection.close()

            do_GET = do_POST = pass_on

            def answer(self, status, body, etag=None):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                if etag:
                    self.send_header("etag", etag)
                self.end_headers()
                self.wfile.write(body)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
