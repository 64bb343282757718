"""What can be said about the browser code without a browser."""

import gzip
import pathlib
import re

import pytest

WEB = pathlib.Path(__file__).resolve().parents[3] / "web"
SCRIPTS = sorted(path for part in ("shared", "console", "chat") for path in (WEB / part).rglob("*.js"))
SHEETS = sorted(path for part in ("shared", "console", "chat") for path in (WEB / part).rglob("*.css"))
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setHTMLUnsafe|createContextualFragment"
    r"|DOMParser|srcdoc|['\"`]javascript:"
)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_markup_and_no_script_is_made_of_strings(path):
    assert FORBIDDEN.findall(path.read_text()) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_modules_import_only_our_own_and_what_is_there(path):
    text = path.read_text()
    for name in re.findall(r"^import .*?from '([^']+)';", text, flags=re.S | re.M) + re.findall(r"import\('([^']+)'\)", text):
        assert name.startswith("."), name
        if "/*" not in name:
            assert (path.parent / name).resolve().is_file(), name


@pytest.mark.parametrize("path", [*SHEETS, *WEB.rglob("*.mustache")], ids=lambda path: path.name)
def test_nothing_comes_from_another_host(path):
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+|@import", text) == []


@pytest.mark.parametrize("path", list(WEB.rglob("*.mustache")), ids=lambda path: path.name)
def test_pages_hold_no_inline_script_or_style(path):
    text = path.read_text()
    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|\{\{\{", text) == []


@pytest.mark.parametrize("app", ["console", "chat"])
def test_weight(app):
    def weight(paths):
        return len(gzip.compress(b"".join(path.read_bytes() for path in paths if path.parts[len(WEB.parts)] in ("shared", app)), 9))

    assert weight(SCRIPTS) <= 60 * 1024
    assert weight(SHEETS) <= 15 * 1024


def test_every_icon_is_drawn():
    drawn = set(re.findall(r"^  (\w+): \[", (WEB / "shared/icons.js").read_text(), flags=re.M))
    text = "".join(path.read_text() for path in SCRIPTS)
    used = set(re.findall(r"\bicon\('(\w+)'\)|\bicon: '(\w+)'|\b(?:iconButton|action)\('(\w+)'", text))
    assert {name for names in used for name in names if name} - drawn == set()
