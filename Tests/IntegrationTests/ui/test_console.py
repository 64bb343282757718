"""The console's pages, before a fake control plane."""

import re
import subprocess
import time

import pytest
from playwright.sync_api import expect

import fake_data as data


def rows(page):
    return page.locator("tbody tr")


def test_a_new_exchange_shows_within_two_seconds(console, pages):
    page = pages.open(console.url + "/events")
    expect(rows(page).first).to_be_visible()
    event = console.add(verdict="block")
    start = time.monotonic()
    expect(page.locator(f"tr[data-id={event['id']}]")).to_be_visible(timeout=5000)
    assert time.monotonic() - start < 2.0
    expect(page.locator(f"tr[data-id={event['id']}] .badge")).to_have_text("Blocked")


def test_rows_do_not_move_while_somebody_reads_further_down(console, pages):
    page = pages.open(console.url + "/events")
    expect(rows(page).first).to_be_visible()
    first = rows(page).first.get_attribute("data-id")
    page.locator(".table-scroll").evaluate("e => { e.scrollTop = 300 }")
    event = console.add()
    pill = page.get_by_role("button", name="1 new event")
    expect(pill).to_be_visible(timeout=5000)
    assert rows(page).first.get_attribute("data-id") == first
    pill.click()
    assert rows(page).first.get_attribute("data-id") == event["id"]


def test_live_updates_can_be_switched_off(console, pages):
    page = pages.open(console.url + "/events")
    expect(rows(page).first).to_be_visible()
    page.get_by_role("button", name="Live").click()
    count = rows(page).count()
    console.add()
    page.wait_for_timeout(2500)
    assert rows(page).count() == count


def test_filters_live_in_the_address_and_survive_a_reload(console, pages):
    page = pages.open(console.url + "/events")
    page.get_by_role("button", name=re.compile("^Blocked")).click()
    expect(page.locator("tbody .v-allowed")).to_have_count(0)
    page.locator("label:has-text('6h')").click()
    page.get_by_label("Model").fill("demo")
    expect(page).to_have_url(re.compile(r"outcome=blocked&range=6h&model=demo"))
    page.reload()
    expect(page.get_by_role("button", name=re.compile("^Blocked"))).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Model")).to_have_value("demo")
    expect(rows(page).first).to_be_visible()
    assert set(page.locator("tbody .badge").all_inner_texts()) == {"Blocked"}
    assert set(page.locator("tbody .model").all_inner_texts()) == {"demo"}


def test_chips_count(console, pages):
    page = pages.open(console.url + "/events")
    blocked = sum(one["verdict"] == "block" for one in console.events)
    expect(page.get_by_role("button", name=f"Blocked {blocked}", exact=True)).to_be_visible()


def test_no_match_offers_to_clear_the_filters(console, pages):
    page = pages.open(console.url + "/events?q=zzzz")
    expect(page.get_by_role("heading", name="No event matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(rows(page).first).to_be_visible()
    assert "zzzz" not in page.url


def test_older_pages_follow(console, pages):
    page = pages.open(console.url + "/events")
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="Load more").click()
    expect(rows(page)).to_have_count(100)
    page.get_by_role("button", name="Load more").click()
    expect(rows(page)).to_have_count(len(console.events))
    expect(page.get_by_role("button", name="Load more")).to_have_count(0)
    ids = page.eval_on_selector_all("tbody tr", "rows => rows.map((row) => row.dataset.id)")
    assert ids == [one["id"] for one in console.events]


def test_the_drawer_by_keyboard(console, pages):
    page = pages.open(console.url + "/events")
    page.locator("tbody a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    heading = page.locator(".drawer h2")
    expect(heading).to_be_focused()
    event = heading.inner_text()
    assert event == console.events[2]["id"] and f"event={event}" in page.url
    page.get_by_role("button", name="Older event").click()
    expect(page.locator(".drawer h2")).to_have_text(console.events[3]["id"])
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('tr').dataset.id") == console.events[3]["id"]


def test_the_detail_says_everything_and_no_secret(console, pages):
    event = next(one for one in console.events if one["verdict"] == "redact")
    page = pages.open(f"{console.url}/events/{event['id']}")
    main = page.locator("main")
    expect(main).to_contain_text("Redacted")
    for text in ["Replaced: 1 email, 1 IBAN.", "pii_detector.match", "replaced, 2 findings", event["model"], event["request_id"],
                 f"{event['usage']['input_tokens']:,} in", "care-prod 1.12.0", "first byte after"]:
        expect(main).to_contain_text(text)
    expect(main.locator(".fall > div")).to_have_count(2 if event["stream"] else 3)  # what overlaps leaves no rest
    page.get_by_role("tab", name="Findings").click()
    expect(page.locator("[role=tabpanel] tbody tr")).to_have_count(2)
    page.get_by_role("tab", name="JSON").click()
    expect(page.locator("[role=tabpanel] pre")).to_contain_text(f'"sequence": {event["sequence"]}')


def test_an_event_that_is_not_there_says_so(console, pages):
    pages.expected = ["status of 404"]
    page = pages.open(console.url + "/events/evt_nowhere")
    expect(page.get_by_role("alert")).to_contain_text("There is no such event.")
    expect(page.get_by_role("alert")).to_contain_text("Request ID req_01KFAKE")


def test_overview_answers_at_a_glance(console, pages):
    page = pages.open(console.url + "/overview")
    status = page.get_by_role("region", name="System status")
    expect(status).to_contain_text("2 of 3 gateways connected")
    expect(status).to_contain_text("All on care-prod 1.12.0")
    figures = page.get_by_role("region", name="Key figures")
    count = len(console.events)
    expect(figures).to_contain_text(f"Requests{count}")
    expect(page.locator(".start")).to_have_count(0)  # every step is done
    bars = page.locator(".chart rect")
    assert bars.count() > 20
    page.locator(".chart").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".chart .tip")).to_be_visible()
    box = page.locator(".chart").bounding_box()
    assert box["y"] < 500  # the answers stand above the fold


def test_overview_without_anything_names_the_next_step(console, pages):
    console.state = "empty"
    page = pages.open(console.url + "/overview")
    expect(page.get_by_role("heading", name="Connect your first gateway")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("kt gateway run")


def test_gateways(console, pages):
    page = pages.open(console.url + "/gateways")
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(2)).to_contain_text("Not connected")
    expect(rows(page).nth(1)).to_contain_text("12 records, 8.8 KiB")
    page.get_by_role("link", name="gw-eu-2").click()
    expect(page.locator(".drawer")).to_contain_text("gw-eu-2.example.com:41002")
    expect(page.locator(".drawer")).to_contain_text("3 days")
    page.go_back()
    expect(page.locator(".drawer")).to_have_count(0)


def test_a_config_that_was_not_loaded_shows(console, pages):
    console.state = "unloaded"
    page = pages.open(console.url + "/gateways")
    expect(rows(page).first).to_contain_text("Config not loaded")
    expect(rows(page).first).to_contain_text("A newer one was not loaded")
    page.get_by_role("link", name="gw-eu-1").click()
    expect(page.locator(".drawer .alert")).to_contain_text("The one before it stays in force.")
    expect(page.locator(".drawer pre")).to_have_text(data.CONFIG_FAILURE["message"])
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("region", name="System status")).to_contain_text("A config was not loaded")
    expect(page.get_by_role("region", name="System status")).to_contain_text("1 gateway on the one before")


@pytest.mark.parametrize(("advertised", "shown"), [
    ("gw-eu-1.example.com:41002", "http://gw-eu-1.example.com:41002/v1/"),
    ("https://gw-eu-1.example.com:41002", "https://gw-eu-1.example.com:41002/v1/"),
    ("gw-eu-1.example.com:443", "https://gw-eu-1.example.com/v1/"),
    ("0.0.0.0:43117", "http://127.0.0.1:43117/v1/"),
    ("[::]:43117", "http://127.0.0.1:43117/v1/"),
    ("<img src=x>", "http://<a gateway>:41002/v1/"),
])
def test_the_request_to_try_goes_to_a_gateway_that_is_there(console, pages, advertised, shown):
    console.gateways[0]["advertise_addr"] = advertised
    page = pages.open(console.url + "/keys?create=general")
    page.get_by_label("Name").fill("first")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_label("Command")).to_contain_text(f"curl -s {shown}chat/completions")
    expect(page.get_by_label("Command")).to_contain_text("Bearer kt_gk_new_secret")
    page.get_by_role("button", name="Copy command").click()
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_label("Command").inner_text()


def test_the_request_to_try_passes_over_gateways_that_are_away(console, pages):
    console.gateways[0]["status"] = "offline"
    page = pages.open(console.url + "/keys?create=general")
    page.get_by_label("Name").fill("first")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_label("Command")).to_contain_text("http://gw-eu-2.example.com:41002/v1/")


def test_a_key_shows_its_secret_once(console, pages):
    page = pages.open(console.url + "/keys")
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("Name").fill("batch-jobs")
    page.get_by_label("Models it may use").fill("gpt-4o, demo")
    page.get_by_role("button", name="Create", exact=True).click()
    secret = page.get_by_label("Secret", exact=True)
    expect(secret).to_have_text("kt_gk_new_secret")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(rows(page).first).to_contain_text("batch-jobs")
    expect(rows(page).first).to_contain_text("models: gpt-4o, demo")
    assert "kt_gk_new_secret" not in page.content()
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
    assert console.tokens[0]["allowed_models"] == ["gpt-4o", "demo"] and "expires_at" in console.tokens[0]


def test_rotating_a_key_gives_a_new_secret(console, pages):
    page = pages.open(console.url + "/keys")
    page.get_by_role("button", name="Rotate support-portal").click()
    expect(page.get_by_role("dialog")).to_contain_text("The old one keeps working for 24 hours")
    page.get_by_role("button", name="Rotate", exact=True).click()
    expect(page.get_by_label("Secret", exact=True)).to_have_text("kt_gk_rotated_secret")
    assert console.rotations == [{"overlap_seconds": 24 * 3600}]


def test_revoking_a_key_asks_for_its_name(console, pages):
    page = pages.open(console.url + "/keys")
    page.get_by_role("button", name="Revoke support-portal").click()
    button = page.get_by_role("button", name="Revoke", exact=True)
    expect(button).to_be_disabled()
    page.get_by_label("to confirm").fill("support")
    expect(button).to_be_disabled()
    page.get_by_label("to confirm").fill("support-portal")
    button.click()
    expect(rows(page).first).to_contain_text("Revoked")
    expect(page.get_by_role("button", name="Revoke support-portal")).to_have_count(0)


def test_the_password_can_be_set(console, pages):
    page = pages.open(console.url + "/account?welcome=1")
    expect(page.locator("main")).to_contain_text("You are signed in.")
    page.get_by_label("New password", exact=True).fill("right horse battery")
    page.get_by_label("New password again").fill("right horse batterx")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("alert")).to_contain_text("differ")
    page.get_by_label("New password again").fill("right horse battery")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator(".toast")).to_contain_text("The password is saved")
    expect(page.locator("main")).not_to_contain_text("Set a password now")
    expect(page.get_by_label("Current password")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("if you have none yet")


def test_a_wrong_password_is_told_at_its_field(console, pages):
    pages.expected = ["status of 422"]
    page = pages.open(console.url + "/account")
    page.get_by_label("Current password").fill("wrong wrong wrong")
    page.get_by_label("New password", exact=True).fill("right horse battery")
    page.get_by_label("New password again").fill("right horse battery")
    page.get_by_role("button", name="Save password").click()
    field = page.locator("form > div", has=page.get_by_label("Current password"))
    expect(field.get_by_role("alert")).to_contain_text("The current password is not right.")
    expect(page.get_by_label("Current password")).to_be_focused()
    page.get_by_label("Current password").fill("the right old one")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator(".toast")).to_contain_text("The password is saved")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_control_plane_that_is_away_comes_back_by_itself(console, pages):
    pages.expected = ["status of 503"]
    page = pages.open(console.url + "/events")
    expect(rows(page).first).to_be_visible()
    console.state = "down"
    expect(page.get_by_role("alert")).to_contain_text("The control plane cannot be reached.", timeout=10_000)
    assert rows(page).count() == 50  # what was there stays
    console.state = "ok"
    expect(page.get_by_role("alert")).to_have_count(0, timeout=20_000)


def test_a_role_without_the_right_gets_a_reason(console, pages):
    pages.expected = ["status of 403"]
    console.state = "forbidden"
    page = pages.open(console.url + "/events")
    expect(page.locator("[data-state=forbidden]")).to_contain_text("This needs the permission 'events:read'.")


def test_an_expired_session_leads_to_sign_in_and_back(console, pages):
    pages.expected = ["status of 401"]
    page = pages.open(console.url + "/events?outcome=blocked")
    expect(rows(page).first).to_be_visible()
    console.state = "expired"
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=10_000)
    page.get_by_label("E-mail").fill("mara@example.com")
    page.get_by_label("Password").fill("right horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(rows(page).first).to_be_visible()
    assert page.url.endswith("/events?outcome=blocked")


def test_signing_in_works_without_scripts(console, pages):
    pages.expected = ["status of 401"]
    page = pages.open(console.url + "/sign-in?next=/keys", scripts=False)
    page.get_by_label("E-mail").fill("mara@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    expect(page.get_by_label("E-mail")).to_have_value("mara@example.com")
    page.get_by_label("Password").fill("right horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_palette_goes_places(console, pages):
    page = pages.open(console.url + "/overview")
    # What the person may open is known by then.
    expect(page.get_by_role("link", name="Gateways", exact=True).first).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("gate")
    expect(page.get_by_role("option").first).to_contain_text("Gateways")
    page.keyboard.press("Enter")
    expect(page).to_have_url(console.url + "/gateways")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill(console.events[0]["id"].lower())
    expect(page.get_by_role("option").first).to_contain_text("Event")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_theme_is_remembered(console, pages):
    page = pages.open(console.url + "/overview", scheme="light")
    page.get_by_role("button", name="Switch light or dark theme").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).colorScheme") in ("dark", "light dark")


def test_the_skip_link_comes_first(console, pages):
    page = pages.open(console.url + "/overview")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_menu_on_a_phone(console, pages):
    page = pages.open(console.url + "/overview", size=(360, 740))
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).to_have_attribute("aria-expanded", "false")


def test_hostile_values_stay_text(console, pages):
    evil = "<img src=x onerror=alert(1)>'\"`</td><script>alert(1)</script>"
    event = console.add(verdict="block")
    event |= {"model": evil, "reason_code": evil, "policy": evil, "consumer_group": evil}
    console.tokens.insert(0, data.token(evil))
    page = pages.open(console.url + f"/events?event={event['id']}")
    expect(page.locator(".drawer")).to_contain_text("<script>")
    page.goto(console.url + "/keys")
    expect(rows(page).first).to_contain_text("<script>")
    page.goto(console.url + "/overview")
    expect(page.locator(".table-card tbody tr").first).to_contain_text("<img")
    assert page.locator("main img, main script").count() == 0


#: What the control plane's roles may do.
ROLES = {
    "compliance": ["audit_log:read", "events:read"],
    "viewer": ["audit_log:read", "configurations:read", "events:read", "gateways:read", "roles:read", "tokens:read", "users:read"],
    "chat_user": ["chat:use"],
}


@pytest.mark.parametrize(("role", "menu"), [
    ("compliance", ["Overview", "Events"]),
    ("viewer", ["Overview", "Events", "Gateways", "Keys"]),
    ("chat_user", ["Overview"]),
])
def test_a_role_sees_what_it_may_and_asks_for_nothing_else(console, pages, role, menu):
    console.actions = ROLES[role]
    page = pages.open(console.url + "/overview")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.wait_for_selector("[aria-busy=true]", state="detached")
    assert page.locator(".nav a:visible").all_inner_texts() == menu
    expect(page.get_by_role("link", name="Open chat")).to_have_count(1 if role == "chat_user" else 0)
    figures = page.get_by_role("region", name="Key figures")
    expect(figures).to_have_count(0 if role == "chat_user" else 1)
    expect(page.get_by_role("region", name="System status").get_by_text("gateways connected")).to_have_count(1 if role == "viewer" else 0)
    for address in ("/events", "/gateways", "/keys"):
        page.goto(console.url + address)
        expect(page.locator("tbody tr").first.or_(page.locator("[data-state=forbidden]"))).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Create a key|^Rotate|^Revoke"))).to_have_count(0)
    page.wait_for_timeout(6000)
    assert console.refused == []


@pytest.mark.parametrize("width", [375, 1024, 1280, 1440])
def test_a_keys_name_never_pushes_its_actions_away(console, pages, width):
    name = "abcdefgh-ijklmnop-qrstuvwx-12345"
    console.tokens.insert(0, data.token(name, allowed_models=["gpt-4o", "gpt-4o-mini", "claude-sonnet-4"], consumer_group="claims-assistant"))
    page = pages.open(console.url + "/keys", size=(width, 800))
    expect(rows(page).first).to_be_visible()
    right = page.locator(".table-scroll").evaluate("e => e.getBoundingClientRect().right")
    for button in ("Rotate", "Revoke"):
        box = page.get_by_role("button", name=f"{button} {name}").bounding_box()
        assert box["x"] + box["width"] <= right
        assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('button')?.ariaLabel", [box["x"] + 14, box["y"] + 14]) == f"{button} {name}"
    assert page.locator(".table-scroll").evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(rows(page).first.locator("[title]").first).to_have_attribute("title", name)
    assert rows(page).first.locator("b").bounding_box()["width"] >= 80


@pytest.mark.parametrize(("timings", "stream", "shown"), [
    ({"total_us": 8500, "policy_us": 8300, "upstream_us": 8500}, True, "overlap"),
    ({"total_us": 45, "policy_us": 216}, False, "Policies"),
    ({"total_us": 9000, "policy_us": 500, "upstream_us": 6000, "checks_us": 2000}, False, "Services asked"),
])
def test_no_time_is_drawn_beyond_the_whole(console, pages, timings, stream, shown):
    event = console.add(verdict="redact")
    event |= {"timings": timings, "stream": stream}
    page = pages.open(f"{console.url}/events?event={event['id']}")
    fall = page.locator(".drawer .fall")
    expect(fall).to_be_visible()
    expect(fall.locator("..")).to_contain_text(shown)
    for line in fall.locator("> div").all():
        track, bar, number = (line.locator(part).bounding_box() for part in (".track", "i", ".num"))
        assert track["x"] - 1 <= bar["x"] and bar["x"] + bar["width"] <= track["x"] + track["width"] + 1 <= number["x"] + 1
    assert fall.get_by_text("Gateway").count() == (1 if "checks_us" in timings else 0)


@pytest.mark.parametrize(("assignee", "shown"), [
    ({"assignee": "<b>care</b>@example.com"}, "<b>care</b>@example.com, until"), ({}, "a reviewer, until"),
])
def test_an_escalation_says_for_whom_it_waits(console, pages, assignee, shown):
    event = console.add(verdict="escalate")
    event |= {"escalation": {**assignee, "expires_at": "2031-05-06T07:08:09.000000Z", "on_timeout": "block"}}
    page = pages.open(f"{console.url}/events?event={event['id']}")
    expect(page.locator(".drawer dd", has_text=shown)).to_contain_text("2031")


def test_a_control_plane_that_says_nothing_shows_within_seconds(console, pages):
    page = pages.open(console.url + "/events")
    expect(rows(page).first).to_be_visible()
    expect(page.locator("#health")).to_contain_text("ms")
    console.delay = 120
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer in time.", timeout=25_000)
    expect(page.locator(".dot.live")).to_have_count(0)
    expect(page.get_by_role("button", name="No answer")).to_be_visible()
    expect(page.locator("#health")).to_contain_text("no answer", timeout=25_000)
    second = pages.open(console.url + "/overview", context=page.context)
    expect(second.get_by_role("alert")).to_contain_text("The server did not answer in time.", timeout=25_000)
    console.delay = 0
    expect(second.get_by_role("region", name="Key figures")).to_be_visible(timeout=25_000)


def test_the_palette_finds_what_callers_get_and_keys_by_name(console, pages):
    event = console.add(request_id="my-own.request-1")
    page = pages.open(console.url + "/overview")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    for text, id in [(console.events[5]["request_id"].lower(), console.events[5]["id"]), ("my-own.request-1", event["id"])]:
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill(text)
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{console.url}/events/{id}")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("claims-a")
    expect(page.get_by_role("option")).to_contain_text("claims-assistant")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"q={console.tokens[1]['id']}"))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("req_01KNOWHERE0000000000000000")
    expect(page.get_by_role("dialog")).to_contain_text("Nothing found.")


def test_who_asked_has_a_name_for_those_who_may_read_it(console, pages):
    event = console.add(verdict="redact")
    event |= {"key_id": console.tokens[0]["id"]}
    other = console.add()
    other |= {"key_id": console.tokens[1]["id"], "user_id": data.USER["id"]}
    page = pages.open(console.url + "/events")
    expect(page.locator(f"tr[data-id={event['id']}] .who")).to_have_text("support-portal")
    expect(page.locator(f"tr[data-id={other['id']}] .who")).to_have_text("Mara Keller")
    page.goto(f"{console.url}/events/{other['id']}")
    for text in ("claims-assistant", console.tokens[1]["id"], "Mara Keller", data.USER["id"], "gw-eu-1"):
        expect(page.locator("main")).to_contain_text(text)
    console.actions = ROLES["compliance"]
    page.goto(console.url + "/events")
    expect(page.locator(f"tr[data-id={event['id']}] .who")).to_have_text(event["key_id"])


def test_reasons_are_in_plain_words(console, pages):
    event = console.add(verdict="block")
    found = [("injection.override", "prompt-injection"), ("injection.override", "prompt-injection"), ("injection.multilingual", "prompt-injection"),
             ("secret.model_provider", "dlp-filter")]
    event["findings"] = [{"policy": by, "category": what, "phase": "request", "segment": 0, "start": 0, "end": 9} for what, by in found]
    passed = console.add(verdict="redact")
    passed["findings"] = [event["findings"][3] | {"start": start, "end": start + 9} for start in (0, 20)]
    page = pages.open(console.url + "/events")
    reason = "prompt-injection stopped it: an attempt to override the instructions, an attack in another language than English."
    cell = page.locator(f"tr[data-id={event['id']}] .reason")
    expect(cell).to_have_text(reason)
    expect(cell).to_have_attribute("title", f"{reason} (prompt_injection.match)")
    expect(page.locator(f"tr[data-id={passed['id']}] .reason")).to_have_text("Replaced: 2 API keys of model providers.")
    page.locator(f"tr[data-id={event['id']}] a").click()
    expect(page.locator(".verdict-box")).to_contain_text(reason)
    expect(page.locator(".drawer")).to_contain_text("none: nothing reached a provider")
    page.get_by_role("tab", name="Findings").click()
    expect(page.locator(".drawer tbody")).to_contain_text("API key of a model provider")
    assert page.locator(".drawer .table-scroll").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_a_secret_that_is_known_by_name_counts_once(console, pages):
    event = console.add(verdict="redact")
    place = {"policy": "dlp-filter", "phase": "request", "segment": 0, "start": 6, "end": 46}
    event["findings"] = [
        place | {"category": "secret.token"}, place | {"category": "secret.github"},
        place | {"category": "secret.token", "start": 60, "end": 80},
        {"policy": "pii-detector", "phase": "request", "segment": 0, "start": 90, "end": 99, "category": "EMAIL"},
        {"policy": "pii-detector", "phase": "request", "segment": 0, "start": 100, "end": 109, "category": "EMAIL"},
        {"policy": "pii-detector", "phase": "request", "segment": 0, "start": 110, "end": 119, "category": "IP_ADDRESS"},
        {"policy": "pii-detector", "phase": "request", "segment": 0, "start": 120, "end": 129, "category": "IP_ADDRESS"},
    ]
    page = pages.open(console.url + "/events")
    reason = "Replaced: 1 github secret, 1 access token, 2 emails, 2 IP addresses."
    expect(page.locator(f"tr[data-id={event['id']}] .reason")).to_have_text(reason)
    page.goto(f"{console.url}/events/{event['id']}?tab=findings")
    page.get_by_role("tab", name="Findings").click()
    expect(page.locator("table.still tbody tr")).to_have_count(6)


@pytest.mark.parametrize(("code", "reason"), [
    ("request.field_not_allowed", "A field of the request is not allowed."),
    ("http.unknown_version", "The gateway refused the request: http unknown version."),
])
def test_a_refusal_says_why(console, pages, code, reason):
    event = console.add(outcome="refused")
    event["error_code"] = code
    page = pages.open(console.url + "/events")
    expect(page.locator(f"tr[data-id={event['id']}] .reason")).to_have_text(reason)


@pytest.mark.parametrize(("api", "shown"), [
    ("http://10.1.2.3:8181", "http://10.1.2.3:8181"),
    (None, "http://<this control plane>:8080"),
])
def test_the_command_of_a_gateway_can_be_pasted(console, pages, api, shown):
    console.api_url = api
    page = pages.open(console.url + "/keys?create=gateway_runtime")
    page.get_by_label("Name").fill("gw-eu-3")
    page.get_by_role("button", name="Create", exact=True).click()
    command = page.get_by_label("Command").inner_text()
    assert f"export KEEPTRUSTS_API_URL='{shown}'\n" in command
    assert "kt run --managed" in command
    subprocess.run(["sh", "-n"], input=command, text=True, check=True)


@pytest.mark.parametrize("missing", ["console/router.js", "console/console.js", "shared/format.js"])
def test_a_console_without_its_scripts_says_so(console, pages, missing):
    pages.expected = ["404"]
    console.missing = missing
    page = pages.open(console.url + "/events")
    expect(page.get_by_role("alert")).to_contain_text("could not load all of its scripts")
    expect(page.get_by_role("link", name="Load again")).to_be_visible()
    expect(page.locator("main [aria-busy]")).to_be_hidden()
    console.missing = None
    page.get_by_role("link", name="Load again").click()
    expect(rows(page).first).to_be_visible()
    assert page.url == console.url + "/events"


def test_a_console_whose_scripts_do_not_fit_says_so(console, pages):
    pages.expected = ["does not provide an export"]
    console.broken = "shared/format.js"
    page = pages.open(console.url + "/events")
    expect(page.get_by_role("alert")).to_contain_text("could not load all of its scripts")


def focused(page):
    return page.evaluate("document.activeElement === document.body ? '' : document.activeElement.ariaLabel || document.activeElement.textContent")


def test_a_first_password_is_asked_for_once(console, pages):
    page = pages.open(console.url + "/account?welcome=1")
    page.get_by_label("New password", exact=True).fill("right horse battery")
    page.get_by_label("New password again").fill("right horse battery")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator(".toast")).to_contain_text("The password is saved")
    expect(page.get_by_role("link", name="Later")).to_have_count(0)
    expect(page.get_by_label("Current password")).to_be_visible()
    assert focused(page) == "Save password"


def test_the_focus_stays_where_the_work_is(console, pages):
    page = pages.open(console.url + "/events")
    page.get_by_role("button", name="Load more").focus()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(100)
    assert page.evaluate("document.activeElement.closest('tr')?.dataset.id") == console.events[50]["id"]
    page.goto(console.url + "/keys")
    page.get_by_role("button", name="Rotate support-portal").click()
    page.get_by_role("button", name="Rotate", exact=True).click()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.closest('tr')?.dataset.id") == console.tokens[0]["id"]


def test_escape_does_not_throw_a_new_secret_away(console, pages):
    page = pages.open(console.url + "/keys?create=gateway_runtime")
    page.get_by_label("Name").fill("gw-eu-2")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_label("Command")).to_contain_text("KEEPTRUSTS_GATEWAY_TOKEN='kt_gk_new_secret'")
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(page.get_by_label("Secret", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("The secret is not copied yet.")
    page.get_by_role("button", name="Copy", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_back_undoes_a_filter(console, pages):
    page = pages.open(console.url + "/events")
    page.get_by_role("button", name=re.compile("^Blocked")).click()
    expect(page.locator("tbody .v-allowed")).to_have_count(0)
    page.go_back()
    expect(page.locator("tbody .v-allowed").first).to_be_visible()
    assert "outcome" not in page.url
