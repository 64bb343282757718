"""The conversations of a session, and what stays of them, before a fake of the chat's server."""

import pytest
from playwright.sync_api import expect

import fake_data as data
from test_chat import done, last, page, say  # noqa: F401


def entries(page):
    return page.locator("#conversations li")


def panel(page):
    return page.get_by_role("complementary", name="Governance")


def past(text="First", model="demo", **more):
    return {"text": text, "model": model, "answer": "Well", "state": "stop", "request_id": f"req_{text}"} | more


def test_a_new_chat_keeps_the_old_one(chat, page):
    say(page, "The first one")
    done(page)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".msg")).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    say(page, "The second one")
    done(page)
    assert [[turn["text"] for turn in turns] for turns in chat.conversations.values()] == [["The first one"], ["The second one"]]
    expect(entries(page)).to_have_count(2)
    entries(page).get_by_role("link", name="The first one").click()
    expect(page.locator(".msg.user .bub")).to_have_text("The first one")
    expect(page.locator("#title")).to_have_text("The first one")
    page.reload()
    expect(page.locator(".msg.user .bub")).to_have_text("The first one")
    expect(entries(page)).to_have_count(2)
    page.go_back()
    expect(page.locator(".msg.user .bub")).to_have_text("The second one")


def test_a_new_chat_stays_new_over_a_reload(chat, page):
    say(page, "The first one")
    done(page)
    page.get_by_role("button", name="New chat").click()
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()
    expect(entries(page)).to_have_count(2)


def test_deleting_asks_first_and_gives_the_focus_back(chat, page):
    say(page, "The first one")
    done(page)
    delete = entries(page).get_by_role("button", name="Delete “The first one”")
    delete.click()
    dialog = page.get_by_role("dialog", name="Delete this conversation?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(delete).to_be_focused()
    assert len(chat.conversations) == 1
    delete.click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".welcome")).to_be_visible()
    assert chat.conversations == {}


def say_here_and_there(chat, page, pages):
    """Says something in a tab, and then in another one, which can only when it has what was said and the models."""
    say(page, "From here")
    done(page)
    other = pages.open(chat.url + "/", context=page.context)
    expect(other.locator(".msg.user")).to_have_count(1)
    expect(other.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    say(other, "From there")
    done(other)


def test_another_tab_shows_what_was_added_when_it_gets_the_focus(chat, page, pages):
    say_here_and_there(chat, page, pages)
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(".msg.user .bub")).to_have_text(["From here", "From there"])
    expect(page.locator(".msg:not(.user)")).to_have_count(2)


def test_a_message_into_a_gap_shows_what_lies_between(chat, page, pages):
    say_here_and_there(chat, page, pages)
    page.route("**/api/chat/conversations", lambda route: route.abort())  # the focus brings nothing
    page.bring_to_front()
    page.evaluate("document.querySelector('#message').focus()")
    say(page, "From here again")
    page.unroute("**/api/chat/conversations")
    expect(page.locator(".msg.user .bub")).to_have_text(["From here", "From there", "From here again"])
    expect(page.locator(".msg:not(.user)")).to_have_count(3)


def test_an_answer_that_another_tab_waits_for_is_followed(chat, page):
    chat.turns = [past(answer="Half", state="cut", running=True)]
    page.reload()
    expect(last(page).locator(".md")).to_have_text("Half")
    chat.turns[0] |= {"answer": "Half and half", "state": "stop", "running": False}
    expect(last(page).locator(".md")).to_have_text("Half and half", timeout=10_000)
    expect(last(page).get_by_role("button", name="Copy answer")).to_be_visible()


def test_what_was_deleted_elsewhere_stays_in_sight(chat, page, pages):
    pages.expected = ["status of 404"]
    say(page, "The first one")
    done(page)
    chat.conversations.clear()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(".toast")).to_contain_text("deleted in another window")
    expect(page.locator(".msg.user .bub")).to_have_text("The first one")
    say(page, "Onward")
    done(page)
    assert [[turn["text"] for turn in turns] for turns in chat.conversations.values()] == [["Onward"]]


def test_the_model_of_a_conversation_stays(chat, page):
    models = page.get_by_label("Model", exact=True)
    models.select_option("claude-sonnet-4")
    say(page, "hello")
    done(page)
    page.reload()
    expect(models).to_be_enabled()
    expect(models).to_have_value("claude-sonnet-4")
    models.select_option("demo")
    page.reload()
    expect(models).to_be_enabled()
    expect(models).to_have_value("demo")


def test_a_model_that_is_gone_is_not_replaced_silently(chat, page):
    chat.turns = [past(model="old-one")]
    page.reload()
    models = page.get_by_label("Model", exact=True)
    expect(models).to_be_enabled()
    expect(models).to_have_value("old-one")
    expect(models.locator("option:checked")).to_have_text("old-one (not available)")


def test_without_records_nothing_reads_as_zero(chat, page, pages):
    pages.expected = ["status of 503"]
    chat.has_records = False
    say(page, "Write to anna@example.com")
    done(page)
    expect(last(page).locator(".foot")).to_contain_text("details not available")
    for _ in range(2):
        expect(page.locator(".msg.user .foot")).to_contain_text("Redacted")
        expect(panel(page).locator(".stat b")).to_have_text(["–"] * 4)
        expect(panel(page)).to_contain_text("The details of 1 exchange are not known.")
        page.reload()


def test_a_sum_that_leaves_something_out_says_so(chat, page):
    event = data.event(model="demo")
    event |= {"usage": {"input_tokens": 7, "output_tokens": 5}, "cost": {"micros": 20_000, "currency": "USD"}}
    chat.turns = [past("One"), past("Two", decision=event, request_id=event["request_id"])]
    page.reload()
    expect(panel(page).locator(".stat b")).to_have_text(["≥ $0.0200", "≥ 12", "≥ 0", "≥ 0"])


def test_a_price_that_is_not_known_is_not_zero(chat, page):
    event = data.event(model="demo")
    event.pop("cost")
    chat.turns = [past(decision=event, request_id=event["request_id"])]
    page.reload()
    expect(panel(page).locator(".stat b").first).to_have_text("–")


def test_records_that_come_late_are_looked_up_after_a_reload(chat, page):
    event = data.event(verdict="redact", model="demo", request_id="req_First")
    chat.events.insert(0, event)
    chat.turns = [past()]
    page.reload()
    expect(page.locator(".msg.user").get_by_role("button", name="Redacted 2 values")).to_be_visible()
    expect(panel(page)).to_contain_text("2values redacted")


def test_an_answer_is_finished_before_its_record_is_there(chat, page):
    chat.has_records, chat.record_delay = False, 3.0
    chat.answer = "Short."
    say(page, "hello")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible(timeout=2_500)
    expect(last(page).locator(".foot")).not_to_contain_text("the line broke")
    expect(last(page).locator(".foot")).to_contain_text("details not available", timeout=10_000)
    expect(last(page).locator(".foot")).not_to_contain_text("the line broke")


def test_a_verdict_on_earlier_messages_is_not_this_ones(chat, page):
    say(page, "Write to anna@example.com")
    done(page)
    expect(page.locator(".msg.user").get_by_role("button", name="Redacted 2 values")).to_be_visible()
    page.evaluate(
        "() => { window.seen = []; new MutationObserver(() => window.seen.push([...document.querySelectorAll('.msg.user')].at(-1).innerText))"
        ".observe(document.querySelector('#messages'), { subtree: true, childList: true }) }"
    )
    say(page, "Nothing in here")
    done(page)
    own = page.locator(".msg.user").last
    own.get_by_role("button", name="Allowed").click()
    expect(own.locator(".chain")).not_to_contain_text("replaced")
    assert not [text for text in page.evaluate("window.seen") if "Nothing in here" in text and "Redacted" in text]


def test_who_has_no_access_any_more_is_led_to_the_sign_in(chat, page):
    say(page, "I am suspended")
    halt = page.get_by_role("region", name="Your access has ended")
    expect(halt.get_by_role("link", name="Go to sign-in")).to_have_attribute("href", "/sign-in")
    expect(halt.get_by_role("button", name="Try again")).to_have_count(0)


def test_what_is_too_large_names_the_limit_and_the_way_out(chat, page):
    say(page, "over the limit")
    halt = page.get_by_role("region", name="There is no answer")
    expect(halt).to_contain_text("exceeds 1000 bytes")
    expect(halt).to_contain_text("Shorten the message")
    expect(halt.get_by_role("button", name="Try again")).to_have_count(0)
    halt.get_by_role("button", name="Edit message").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("over the limit")


def test_a_message_that_the_server_does_not_take_comes_back(chat, page, pages):
    pages.expected = ["status of 413"]
    say(page, "too large")
    expect(page.get_by_role("alert")).to_contain_text("A message has at most 100,000 bytes.")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_have_value("too large")


@pytest.mark.parametrize(("text", "size"), [("x" * 100_001, "100,001"), ("€" * 33_334, "100,002")])
def test_a_message_that_is_too_long_stays_in_the_box(chat, page, text, size):
    say(page, text)
    expect(page.locator("#warning")).to_contain_text(f"A message has at most 100,000 bytes. This one has {size}.")
    expect(page.locator(".msg")).to_have_count(0)
    assert len(page.get_by_label("Message", exact=True).input_value()) == len(text)


def test_an_answer_that_breaks_off_is_kept(chat, page):
    say(page, "break off")
    done(page)
    for _ in range(2):
        expect(last(page).locator(".md")).to_contain_text("Retry only what is safe")
        expect(last(page).locator(".foot").first).to_contain_text("the line broke")
        notice = last(page).get_by_role("region", name="The answer was cut off")
        expect(notice).to_contain_text("The provider broke off.")
        expect(notice.get_by_role("button", name="Try again")).to_be_visible()
        page.reload()


def distance(page):
    return page.locator("#log").evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight")


def test_an_answer_in_a_tall_conversation_stays_in_sight(chat, page):
    chat.chunk_delay = 0.001
    for number in range(4):
        say(page, f"Question {number}")
        expect(page.locator(".msg:not(.user) .foot").nth(number)).to_contain_text("tokens")
    chat.answer, chat.chunk_delay, chat.delay = data.ANSWER * 2, 0.01, 0.4  # the message is drawn before the answer begins
    say(page, "long")
    done(page)
    expect(last(page).locator(".foot")).to_contain_text("tokens")
    assert distance(page) < 60
    expect(page.get_by_role("button", name="Latest")).to_be_hidden()
    page.locator("#log").evaluate("e => { e.scrollTop -= 500 }")
    expect(page.get_by_role("button", name="Latest")).to_be_visible()
    page.locator("#log").evaluate("e => { e.scrollTop = e.scrollHeight }")
    expect(page.get_by_role("button", name="Latest")).to_be_hidden()


def test_the_sign_in_page_of_the_chat_sends_nobody_to_a_terminal(chat, page):
    page.goto(chat.url + "/sign-in")
    expect(page.locator(".foot")).to_have_text("First time here? Ask an administrator of your organisation.")
