"""One asyncio loop in a thread, on which the tests' own servers run."""

import asyncio
import threading


class BackgroundLoop:
    """Runs coroutines for callers of other threads."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="servers", daemon=True)
        self._thread.start()

    def run(self, coroutine, timeout=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def call(self, function, *arguments):
        self.loop.call_soon_threadsafe(function, *arguments)


_shared = None


def shared_loop():
    """The loop of this test run."""
    global _shared
    if _shared is None:
        _shared = BackgroundLoop()
    return _shared
