"""What markdown becomes, in a real browser, under the product's content policy."""

import pytest

CASES = [
    ("plain", "<p>plain</p>"),
    ("two\nlines", "<p>two\nlines</p>"),
    ("a\n\nb", "<p>a</p><p>b</p>"),
    ("# One", "<h2>One</h2>"),
    ("### Three ###", "<h3>Three</h3>"),
    ("###### Six", "<h4>Six</h4>"),
    ("#none", "<p>#none</p>"),
    ("**b** _i_ ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code></p>"),
    ("*i* and 2*3*4", "<p><em>i</em> and 2*3*4</p>"),
    ("snake_case_name", "<p>snake_case_name</p>"),
    ("``a`b``", "<p><code>a`b</code></p>"),
    (r"\*no\*", "<p>*no*</p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
    ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
    ("3. a", '<ol start="3"><li>a</li></ol>'),
    ("- a\n  - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
    ("- a\n\n- b", "<ul><li>a</li><li>b</li></ul>"),
    ("- [x] a", '<ul><li class="task"><input type="checkbox" disabled="" aria-label="task"> a</li></ul>'),
    ("> a\n> b", "<blockquote><p>a\nb</p></blockquote>"),
    ("> > a", "<blockquote><blockquote><p>a</p></blockquote></blockquote>"),
    ("---", "<hr>"),
    ("* * *", "<hr>"),
    ("a\\\nb", "<p>a<br>b</p>"),
    ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ("&lt;", "<p>&amp;lt;</p>"),
    ("[a](https://x.example/)", '<p><a href="https://x.example/" target="_blank" rel="noopener noreferrer nofollow">a</a></p>'),
    ("[a](mailto:a@x.example)", '<p><a href="mailto:a@x.example" target="_blank" rel="noopener noreferrer nofollow">a</a></p>'),
    ("[a](javascript:alert(1))", "<p><span>a</span></p>"),
    ("[a](JaVaScRiPt:alert)", "<p><span>a</span></p>"),
    ("[a](data:text/html,x)", "<p><span>a</span></p>"),
    ("[a](vbscript:x)", "<p><span>a</span></p>"),
    ("[a](file:///etc/passwd)", "<p><span>a</span></p>"),
    ("[a](//x.example)", "<p><span>a</span></p>"),
    ("[a](/local)", "<p><span>a</span></p>"),
    ("[a](\u0001javascript:x)", "<p><span>a</span></p>"),
    ("https://x.example/a.", '<p><a href="https://x.example/a" target="_blank" rel="noopener noreferrer nofollow">https://x.example/a</a>.</p>'),
    ("`[a](javascript:x)`", "<p><code>[a](javascript:x)</code></p>"),
    ("|a|b|\n|-|-:|\n|1|2|",
     '<div class="tbl" tabindex="0" role="group" aria-label="Table"><table><thead><tr><th scope="col">a</th><th class="a-r" scope="col">b</th></tr>'
     '</thead><tbody><tr><td>1</td><td class="a-r">2</td></tr></tbody></table></div>'),
]

HOSTILE = [
    "**a " * 10_000, "*a " * 15_000, "[" * 40_000, "[a](" * 10_000, "`" * 40_000, "![" * 20_000, "> " * 20_000, "- " * 20_000,
    "  " * 20_000 + "- a", "|" * 40_000 + "\n" + "|-" * 20_000, "_a_" * 14_000, "~~a" * 14_000, "\\" * 40_000, "https://" + "a" * 40_000,
    "```\n" * 10_000, "1. " * 15_000, ("[" * 200 + "](x)") * 150, "a\n" * 20_000, "<" * 40_000, "#" * 40_000,
]  # fmt: skip


@pytest.fixture
def page(chat, pages):
    return pages.open(chat.url + "/")


def render(page, text):
    return page.evaluate(
        "async (text) => { const { render } = await import('/assets/fake/chat/markdown.js'); const box = document.createElement('div');"
        " const start = performance.now(); box.append(...render(text)); const took = performance.now() - start;"
        " return { html: box.innerHTML, took, active: box.querySelectorAll('img, script, iframe, object, svg:not(.ic), [onerror], [onclick]').length } }",
        text,
    )


def test_cases(page):
    wrong = [(text, want, got) for text, want in CASES if (got := render(page, text)["html"]) != want]
    assert wrong == []


def test_code_keeps_its_text_and_its_language(page):
    html = render(page, "```js\nconst a = '<b>'; // x\n```")["html"]
    assert '<span class="t-kw">const</span>' in html and "&lt;b&gt;" in html and "```" not in html


def test_hostile_texts_are_drawn_quickly_and_do_nothing(page):
    slow = []
    for text in HOSTILE:
        drawn = render(page, text)
        assert drawn["active"] == 0
        if drawn["took"] > 500:
            slow.append((text[:12], drawn["took"]))
    assert slow == []


def test_any_text_can_be_drawn_at_any_point_of_its_way(page):
    thrown = page.evaluate(
        """async () => {
        const { grow, render } = await import('/assets/fake/chat/markdown.js');
        const parts = ['*', '**', '_', '`', '```', '~~~', '[', '](', ')', '!', '|', '-', '\\n', '\\n\\n', '> ', '# ', '1. ', '- ', '  ', 'a', 'é', '👋', '\\\\', '<', 'https://x.example '];
        let seed = 7;
        const random = () => (seed = (seed * 1664525 + 1013904223) % 4294967296) / 4294967296;
        for (let round = 0; round < 300; round++) {
            const text = Array.from({ length: 60 }, () => parts[Math.floor(random() * parts.length)]).join('');
            try {
                const element = document.createElement('div');
                const writer = grow(element);
                for (const piece of text.match(/[^]{1,7}/gu)) { writer.push(piece); writer.end(); }
                const whole = document.createElement('div');
                whole.append(...render(text));
                if (whole.innerHTML !== element.innerHTML) return ['differs', text];
            } catch (error) { return [String(error), text]; }
        }
        return null;
    }"""
    )
    assert thrown is None
