"""How the console shows exchanges that were not simply served, before a fake control plane."""

import pytest
from playwright.sync_api import expect

from test_console import rows


@pytest.mark.parametrize(("outcome", "word", "reason"), [
    ("refused", "Refused", "No model of this name is configured."),
    ("failed", "Failed", "The provider could not be reached."),
    ("cancelled", "Cancelled", "The caller left before the end."),
])
def test_what_was_not_served_does_not_read_as_allowed(console, pages, outcome, word, reason):
    event = console.add(outcome=outcome)
    page = pages.open(f"{console.url}/events?outcome={outcome}")
    row = page.locator(f"tr[data-id={event['id']}]")
    expect(row.locator(".badge")).to_have_text(word)
    expect(row).to_contain_text(reason)
    assert set(page.locator("tbody .badge").all_inner_texts()) == {word}
    count = sum(one["outcome"] == outcome for one in console.events)
    expect(page.get_by_role("button", name=f"{word} {count}", exact=True)).to_have_attribute("aria-pressed", "true")
    row.locator("a").first.click()
    expect(page.locator(".verdict-box b")).to_have_text(word)
    expect(page.locator(".verdict-box")).to_contain_text(reason)


def test_a_policy_that_was_passed_over_says_why(console, pages):
    blocked, allowed = console.add(verdict="block"), console.add()
    next(one for one in allowed["policies"] if one["id"] == "prompt-injection" and one["phase"] == "response")["skipped"] = True
    page = pages.open(f"{console.url}/events/{blocked['id']}")
    expect(page.locator(".chain li", has_text="pii-detector").first).to_contain_text("not reached")
    page.goto(f"{console.url}/events/{allowed['id']}")
    expect(page.locator(".chain li", has_text="prompt-injection").nth(1)).to_contain_text("does not look at this")


def test_a_policy_that_was_left_out_is_not_said_to_have_judged(console, pages):
    some, none = console.add(), console.add()
    for one in [one for one in some["policies"] if one["id"] == "pii-detector"] + none["policies"]:
        one |= {"skipped": True, "left_out": True}
    page = pages.open(f"{console.url}/events/{some['id']}")
    expect(page.locator(".chain li", has_text="pii-detector").first).to_contain_text("left out by the group or the route")
    expect(page.locator(".verdict-box")).to_contain_text("Every policy that judged it let it pass")
    page.goto(f"{console.url}/events/{none['id']}")
    expect(page.locator(".verdict-box")).to_contain_text("No policy judged it")


def test_a_route_without_the_model_is_named(console, pages):
    event = console.add(outcome="refused")
    event["route"] = "trial"
    page = pages.open(f"{console.url}/events/{event['id']}")
    expect(page.locator(".verdict-box")).to_contain_text("The route trial leads to no model of this name")


def test_a_redaction_before_a_failure_is_said(console, pages):
    event = console.add(verdict="redact", outcome="failed")
    page = pages.open(f"{console.url}/events/{event['id']}")
    expect(page.locator(".verdict-box b")).to_have_text("Failed")
    expect(page.locator(".verdict-box")).to_contain_text("The provider could not be reached. Replaced before: 1 email, 1 IBAN.")


def test_a_block_stays_a_block_whatever_came_after(console, pages):
    event = console.add(verdict="block")
    event["outcome"] = "failed"
    page = pages.open(console.url + "/events")
    expect(page.locator(f"tr[data-id={event['id']}] .badge")).to_have_text("Blocked")


def test_overview_counts_what_failed_and_links_to_it(console, pages):
    failed = sum(one["outcome"] == "failed" for one in console.events)
    page = pages.open(console.url + "/overview")
    fact = page.get_by_role("link", name=f"{failed} exchanges failed")
    expect(fact).to_be_visible()
    expect(page.locator(".legend")).to_contain_text("Failed")
    fact.click()
    expect(page).to_have_url(console.url + "/events?outcome=failed")
    expect(rows(page)).to_have_count(failed)


def test_events_of_a_key(console, pages):
    mine = console.add()
    mine["key_id"] = console.tokens[0]["id"]
    page = pages.open(console.url + "/keys")
    page.get_by_role("link", name="Events of support-portal").click()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_label("Search events")).to_have_value(mine["key_id"])
    rows(page).first.locator("a").click()
    expect(page.locator(".drawer").get_by_role("link", name=mine["key_id"])).to_be_visible()


def test_a_model_that_no_config_knows(console, pages):
    event = console.add(outcome="refused")
    event["model"] = "unknown:1a2b3c4d"
    page = pages.open(f"{console.url}/events/{event['id']}")
    expect(page.locator("main")).to_contain_text("unknown:1a2b3c4d (a name that no config knows, and so is not kept)")
