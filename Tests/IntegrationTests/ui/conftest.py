"""What the browser tests share.

By default each test gets fakes of its own. With KT_CONSOLE_URL, KT_CHAT_URL and KT_SIGN_IN_LINK in the environment, the
tests of `test_real.py` drive a real system instead, and the others are skipped.
"""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from fake import Fake

REAL = os.environ.get("KT_CONSOLE_URL")


@pytest.fixture(scope="session", autouse=True)
def binary():
    """These tests need no `kt`; a system that they drive was started by somebody else."""


@pytest.fixture(scope="session")
def browser():
    path = shutil.which("chromium")
    assert path, "the browser tests need Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Pages:
    """Opens pages, and notes whatever they complain about."""

    def __init__(self, browser, hosts):
        self.browser = browser
        self.hosts = tuple(hosts)
        self.contexts = []
        self.complaints = []

        #: Complaints that a test expects, as parts of their texts.
        self.expected = []

    def open(self, url, size=(1440, 900), scheme="light", scripts=True, context=None, wait="main h1"):
        context = context or self.context(size, scheme, scripts)
        page = context.new_page()
        page.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.check)
        page.goto(url)
        if wait:
            page.wait_for_selector(wait, state="attached")
        return page

    def context(self, size=(1440, 900), scheme="light", scripts=True):
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            timezone_id="UTC",
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.contexts.append(context)
        return context

    def check(self, request):
        if not request.url.startswith((*self.hosts, "data:")):
            self.complaints.append(f"left the host: {request.url}")

    def close(self):
        for context in self.contexts:
            context.close()
        unexpected = [text for text in self.complaints if not any(part in text for part in self.expected)]
        assert unexpected == []  # a violation of the content policy is an error on the console


def skip_when_real():
    if REAL:
        pytest.skip("drives fakes; a real system was given")


@pytest.fixture
def console():
    skip_when_real()
    fake = Fake("console")
    yield fake
    fake.close()


@pytest.fixture
def chat():
    skip_when_real()
    fake = Fake("chat")
    yield fake
    fake.close()


@pytest.fixture
def pages(browser, request):
    hosts = [request.getfixturevalue(name).url for name in ("console", "chat") if name in request.fixturenames]
    hosts += [os.environ[name] for name in ("KT_CONSOLE_URL", "KT_CHAT_URL") if name in os.environ]
    pages = Pages(browser, hosts)
    yield pages
    pages.close()
