"""The main job in a real browser, on a real system: KT_CONSOLE_URL, KT_CHAT_URL and KT_SIGN_IN_LINK name it.

KT_GATEWAY_URL and KT_KEY, if given, let a caller from outside send the exchange that the console must show.
"""

import json
import os
import re
import time
import urllib.request

import pytest
from playwright.sync_api import expect

GIVEN = {name: os.environ.get(name) for name in ("KT_CONSOLE_URL", "KT_CHAT_URL", "KT_SIGN_IN_LINK", "KT_GATEWAY_URL", "KT_KEY")}
EMAIL = "jane.doe@example.com"

pytestmark = pytest.mark.skipif(
    not (GIVEN["KT_CONSOLE_URL"] and GIVEN["KT_CHAT_URL"] and GIVEN["KT_SIGN_IN_LINK"]), reason="no real system was given"
)


@pytest.fixture(scope="module")
def person(browser):
    """A browser that has signed in with the link, which works once."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce", timezone_id="UTC")
    page = context.new_page()
    page.goto(GIVEN["KT_SIGN_IN_LINK"])
    page.get_by_role("button", name="Sign in with this link").click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    expect(page.locator("main")).to_contain_text("You are signed in.")
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(person, pages):
    page = pages.open(GIVEN["KT_CONSOLE_URL"] + "/events", context=person)
    yield page
    page.close()


def test_the_link_works_once(person, pages):
    pages.expected = ["status of 401"]
    page = pages.open(GIVEN["KT_SIGN_IN_LINK"])
    page.get_by_role("button", name="Sign in with this link").click()
    expect(page.get_by_role("alert")).to_contain_text("used already, or is too old")


@pytest.mark.skipif(not (GIVEN["KT_GATEWAY_URL"] and GIVEN["KT_KEY"]), reason="no gateway and key were given")
def test_an_exchange_shows_within_two_seconds(page):
    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    page.wait_for_selector("[aria-busy=true]", state="detached")
    body = {"model": "demo", "messages": [{"role": "user", "content": f"Write to {EMAIL}."}]}
    headers = {"authorization": f"Bearer {GIVEN['KT_KEY']}", "content-type": "application/json"}
    url = GIVEN["KT_GATEWAY_URL"] + "/v1/chat/completions"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as response:
        request_id = response.headers["x-request-id"]
    start = time.monotonic()
    expect(page.locator("tbody tr.fresh").first).to_be_visible(timeout=10_000)
    assert time.monotonic() - start < 2.0
    page.locator("tbody a").first.click()
    drawer = page.locator(".drawer")
    expect(drawer).to_contain_text(request_id)
    for text in ["Redacted", "pii-detector", "1 email", "Where the time went", "Tokens", "Cost"]:
        expect(drawer).to_contain_text(text, ignore_case=True)
    page.get_by_role("tab", name="JSON").click()
    assert EMAIL not in drawer.inner_text()


def test_the_chat_shows_the_verdict_that_the_console_shows(page, person):
    page.get_by_role("link", name="Open chat").click()
    expect(page).to_have_url(re.compile(re.escape(GIVEN["KT_CHAT_URL"])), timeout=10_000)
    expect(page.get_by_label("Model", exact=True)).to_be_enabled()
    page.get_by_label("Model", exact=True).select_option("demo")
    page.get_by_label("Message", exact=True).fill(f"My address is {EMAIL}.")
    page.keyboard.press("Enter")
    own = page.locator(".msg.user").last
    expect(own.get_by_role("button", name=re.compile("Redacted"))).to_be_visible(timeout=15_000)
    assert EMAIL not in page.locator(".msg:not(.user) .md").last.inner_text()
    own.get_by_role("button", name=re.compile("Redacted")).click()
    link = own.get_by_role("link").get_attribute("href")
    event = person.new_page()
    event.goto(link)
    expect(event.locator(".verdict-box")).to_contain_text("Redacted")
    expect(event.locator("main")).not_to_contain_text(EMAIL)
    event.close()


def test_no_credential_reaches_the_browser(page, person):
    for url in (GIVEN["KT_CONSOLE_URL"] + "/overview", GIVEN["KT_CHAT_URL"]):
        page.goto(url)
        page.wait_for_selector("[aria-busy=true]", state="detached")
        held = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert not re.search(r"kt_(gk|st|rt|ss)_\w{8}", held + page.content())
    assert all(cookie["httpOnly"] for cookie in person.cookies())
