#!/usr/bin/env python3
"""What the console and the chat cost a browser: code, gzipped, and the time until something is to be seen.

Starts `kt up` (KT_BINARY, else the release build) on an empty data directory and opens its pages in a real Chromium.
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

from playwright.sync_api import sync_playwright

VISITS = 5
BARS = {"script": 60, "stylesheet": 15}

PAINT = """() => ({
    painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    ready: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
})"""


def start(folder):
    arguments = [os.path.abspath(os.environ.get("KT_BINARY", ".build/release/kt")), "up", "--data-dir", folder / "data"]
    for component in ("gateway", "api", "console", "chat"):
        arguments += [f"--{component}", "127.0.0.1:0"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    log = open(folder / "up.log", "w")
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environment)
    end = time.monotonic() + 60
    while True:
        text = (folder / "up.log").read_text()
        urls = dict(re.findall(r"^(console|chat) listening on (http://\S+)", text, re.MULTILINE))
        link = re.search(r"(http://\S*[?&#]code=\S+)", text)
        if len(urls) == 2 and link:
            return process, urls, link.group(1)
        if process.poll() is not None or time.monotonic() > end:
            process.terminate()
            raise RuntimeError(f"kt up did not start:\n{text}")
        time.sleep(0.05)


def visit(page, url):
    """One visit without a cache: what it loaded, by kind, and its times."""
    sizes = {}

    def count(response):
        kind = response.request.resource_type
        if kind in BARS and response.ok:
            sizes[response.url] = (kind, len(gzip.compress(response.body(), 9)))

    page.on("response", count)
    page.goto(url, wait_until="networkidle")
    times = page.evaluate(PAINT)
    page.remove_listener("response", count)
    return {kind: sum(size for found, size in sizes.values() if found == kind) / 1024 for kind in BARS}, times


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kt-bench-ui-"))
    process, urls, link = start(folder)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            context = browser.new_context()
            page = context.new_page()
            page.goto(link)
            page.get_by_role("button", name="Sign in with this link").click()
            page.wait_for_load_state("networkidle")
            facts = {}
            for app, url in urls.items():
                visits = [visit(context.new_page(), url) for _ in range(VISITS)]
                sizes = visits[0][0]
                painted = statistics.median(times["painted"] or times["ready"] for _, times in visits)
                print(f"{app:8} JS {sizes['script']:6.1f} KB of {BARS['script']}   CSS {sizes['stylesheet']:5.1f} KB of "
                      f"{BARS['stylesheet']}   first paint {painted:5.0f} ms (gzipped; median of {VISITS})")
                facts[app] = {"js_kb": round(sizes["script"], 1), "css_kb": round(sizes["stylesheet"], 1),
                              "first_paint_ms": round(painted)}
            browser.close()
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"bench": "ui", **facts}))


if __name__ == "__main__":
    main()
