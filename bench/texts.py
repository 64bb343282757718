"""Texts that benchmarks judge: clean prompts, and texts that are meant to be slow. The same in every run."""

import base64
import html
import json
import pathlib
import random
import re
import urllib.parse

PACKS = pathlib.Path(__file__).resolve().parent.parent / "packs"

# Sentences in which nothing is to be found. `{a|b}` is one of several; the choice makes a text that repeats itself little.
ENGLISH = """
{The|Our|A second|This} {delivery|shipment|batch|pallet} {to the branch|for the northern region|from the new supplier} was {late|short|complete|on time}, {and|so|which is why} the {customer|buyer|shop manager} {asked us for|would like|expects} a {written answer|short explanation|corrected invoice}.
{Please|Could you|I would like you to} {read|go through|summarise} the {notes of the meeting|minutes of the steering group|attached draft} and {list|write down|point out} {the open points|what is still undecided|who does what by when}.
{Our new colleague|The trainee|The account team} will {take over|look after|prepare} the {monthly figures|forecast|price list}, so {let us|please} show {them|everyone} how the {tables|reports|charts} are {put together|maintained|read}.
The {second|latest|printed} draft of the {brochure|annual report|user guide} is {better|longer|clearer} than the {first|old|previous} one, but the {part|chapter|page} about {opening hours|returns|delivery terms} {still needs|could do with|deserves} {shorter sentences|an example|a picture}.
{Compare|Set side by side|Weigh} the two {offers|quotes|proposals} for the {lift repair|office move|cleaning contract} and {tell me|explain} where they {differ|agree} in {price|duration|scope} and in {warranty|notice period|terms of payment}.
{Marketing|Finance|The board|Purchasing} {wants|hopes|intends} to {launch|test|review} the {loyalty programme|subscription|new packaging} {before the holidays|in the spring|after the fair}, {provided that|as long as|unless} {the budget|the agency|the warehouse} {allows it|is ready|agrees}.
{Most|Several|Few} {visitors|users|readers} {leave|stop} at the {checkout|sign-up form|second step} because {it asks too much|the button is hidden|the page loads slowly}, {according to|so say|which matches} {the survey|our analytics|the support team}.
{I think|In my view|As far as I can tell} we {should|could|need not} {answer|reply to|thank} {every|each} {applicant|supplier|partner} {within a week|by hand|in the same tone}, {even when|because} {the answer is no|it takes time|they wrote twice}.
The {server|printer|booking system|coffee machine} {was down|behaved oddly|was updated} {during the night|over lunch|after the storm}, {yet|and} {no order was lost|the queue recovered by itself|only two people noticed}.
{When|If|As soon as} the {tax office|auditor|landlord} {confirms|returns|signs} the {form|statement|agreement}, {we can|let us|the team will} {close the file|plan the next step|inform the staff}.
{Rewrite|Shorten|Translate} the following {paragraph|notice|introduction} for {customers|new employees|a general audience}: {we value|we are proud of|it is easy to forget} {patience|good craft|plain language}, and {that shows in|it pays off in|nothing replaces} {the details|long relationships|careful work}.
{Give me|Suggest|Draft} {three|four|a few} {headlines|subject lines|opening sentences} for the {newsletter|press release|invitation}; {they should sound|keep them|make each of them} {friendly|sober|lively} and {avoid|do without} {jargon|exclamation marks|superlatives}.
{Explain|Describe|Outline} {in plain words|for a beginner|step by step} how {a bill of lading works|depreciation is booked|a tender is run}, {what it is for|who is involved|which documents it needs}, and {what usually goes wrong|how long it takes|what it costs}.
{Sales in|Orders from|Traffic from} the {south|coastal towns|partner shops} {rose|fell|held steady} {slightly|more than planned|for the third quarter}, while {returns|costs|complaints} {did not change|went the other way|followed the season}.
{The training|The workshop|Our webinar} {covers|starts with|ends on} {how to handle complaints|the basics of the spreadsheet|the new leave rules}, {includes|leaves room for|is followed by} {questions|a short exercise|coffee}, and {costs nothing|is recorded|needs no preparation}.
{We have|The office has|Our group has} {two rooms|a quiet corner|one projector} that {nobody books|everybody wants|is free on Fridays}; {perhaps|maybe} a {shared calendar|simple rule|sign on the door} would {help|settle it|do}.
""".strip().splitlines()

DIGITS = """
{Order|Ticket|Batch} {#} {was|is} {ready|closed|split} {by|before} {d}:{dd}, {with|after} {d} {boxes|pallets|items} at {d}.{dd} {euros|dollars} each, {d} percent {below|above} the {list price|plan}.
{In|During|By the end of} {20dd}, {sales|costs|headcount} {rose|fell} from {d},{ddd} to {d},{ddd}, or {d}.{d} percent, and {margin|turnover} {stayed at|reached} {dd}.{d} percent.
{Version|Release} {d}.{dd}.{d} {needs|uses} {ddd} MB of memory and {d} cores; {page|slide|row} {ddd} {shows|explains} why {d} out of {dd} {jobs|tests} {failed|were skipped}.
{Room|Gate|Shelf} {d}{dd} {holds|seats} {dd} people, {the lift carries|the van takes} {ddd} kg, and the {walk|drive} takes {d} to {dd} minutes.
""".strip().splitlines()

GERMAN = """
{Die|Unsere|Eine weitere} {Lieferung|Sendung|Bestellung} {an die Filiale|für die nördliche Region|vom neuen Händler} {kam|war} {verspätet|unvollständig|pünktlich}, {deshalb|daher} {möchte|erwartet|wünscht} {der Kunde|die Käuferin|der Großhändler} eine {schriftliche Antwort|kurze Erklärung|geänderte Rechnung}.
{Bitte|Könnten Sie} die {Notizen der Sitzung|Beschlüsse der Lenkungsgruppe|beigefügte Übersicht} {durchsehen|lesen|prüfen} und {auflisten|zusammenfassen|aufschreiben}, {was noch offen ist|wer bis wann liefert|welche Schritte übrig bleiben}.
Der {zweite|jüngste|gedruckte} Entwurf {der Broschüre|des Jahresberichts|der Anleitung} ist {besser|länger|klarer} als der {erste|alte|vorige}, {aber|nur} der {Abschnitt|Absatz} über {Öffnungszeiten|Rückgaben|Lieferbedingungen} {braucht|verträgt} noch {kürzere Sätze|ein Beispiel|ein Bild}.
{Vertrieb|Einkauf|Die Geschäftsleitung} {möchte|will} {das Treueprogramm|die neue Verpackung|das Abonnement} {vor den Feiertagen|im Frühjahr|nach der Messe} {einführen|prüfen|überarbeiten}, {sofern|falls} {das Budget|die Agentur|das Lager} {es zulässt|so weit ist|zustimmt}.
{Erkläre|Beschreibe|Skizziere} {in einfachen Worten|für Anfänger|Schritt für Schritt}, wie {eine Ausschreibung läuft|Abschreibungen gebucht werden|ein Frachtbrief aufgebaut ist}, {wozu das gut ist|wer beteiligt ist} und {was oft schiefgeht|wie lange es dauert|was es kostet}.
{Über Nacht|Während der Mittagspause|Nach dem Sturm} {fiel der Drucker aus|wurde der Server gewartet|stockte die Buchung}, {doch|und} {keine Bestellung ging verloren|die Warteschlange erholte sich|nur wenige bemerkten es}.
{Vielleicht|Womöglich} {hilft|genügt} {ein gemeinsamer Kalender|eine einfache Regel|ein Schild an der Tür}, {denn|weil} {zwei Räume stehen oft leer|freitags ist kaum jemand da|der Beamer fehlt häufig}{, meinen viele|, so die Umfrage}.
""".strip().splitlines()


def prose(size, *kinds, seed=1):
    """Sentences of these kinds, about a paragraph to every fifth."""
    chance = random.Random(seed)
    out, length = [], 0
    while length < size:
        sentence = fill(chance.choice(chance.choice(kinds)), chance) + ("\n\n" if len(out) % 5 == 4 else " ")
        out.append(sentence)
        length += len(sentence.encode())
    return cut("".join(out), size)


def fill(pattern, chance):
    digits = lambda text: "".join(chance.choice("123456789") if letter in "d#" else letter for letter in text)

    def one(found):
        choice = chance.choice(found.group(1).split("|"))
        return digits(choice.replace("#", "####")) if re.fullmatch(r"[#d0-9]+", choice) else choice
    return re.sub(r"\{([^}]*)\}", one, pattern)


def cut(text, size):
    return text.encode()[:size].decode(errors="ignore")


def repeated(text, size):
    return cut(text * (size // max(1, len(text.encode())) + 1), size)


CLEAN = {
    "prose": lambda size: prose(size, ENGLISH),
    "with digits": lambda size: prose(size, ENGLISH, DIGITS),
    "German": lambda size: prose(size, GERMAN),
}


def events(text, words=4, longest=64):
    """The text in pieces as a stream brings them: some words each, and no more than so many characters."""
    pieces = re.findall(r"(?:\S*\s+){1,%d}|\S+" % words, text)
    return [piece[at:at + longest] for piece in pieces for at in range(0, len(piece), longest)]


# What is repeated until a text is full: rows that nearly are numbers, addresses, keys and the like, in all their disguises.
UNITS = {
    "digits": ["1", "1234567890", "1-", "1 ", "1.", "1-1-1 ", "1,1", "0", "9" * 40 + " ", "1_", "1/", "1\t", "1\n", "1\r\n", "12 ", "123-",
               "4111 1111 1111 1112 ", "4111-1111-1111-1112,", "4111111111111112 ", "378282246310006;", "3782 822463 10006 "],
    "numbers": ["536-22-804 ", "000-12-3456 ", "536 22 80411 ", "DE89 3700 0440 0532 0130 01 ", "DE89370400440532013001 ", "GB82", "GB82 WEST 1234 ",
                "+1 (555) 010-99 ", "+49 30 ", "(555) ", "555-0199 x", "2024-13-45 ", "31/02/20 ", "1.2.3.", "999.999.999.999 ", "10.0.0.", "1.2.3.4.5.",
                "00:11:22:33:44:5 ", "a:b:c:d:e:f:", "fe80::1::", "::", ":", "a:", "01-23-45-67-89-a ", "A1", "A12345678", "AB 12 34 56 ", "1HGCM82633A00435 ",
                "0x", "0x1234567890abcdef", "bc1q", "1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf"],
    "addresses": ["@", "a@", "a@a@", "a.a@", "@a.", "user@host ", "a.", "a-", "a_", "a+", "user@host.", "user@host.c ", "a.b-c_d+e%", "user at host dot ",
                  "http://", "https://a.", "https://user:", "https://user:pw@", "www.", "mailto:", "ftp://a:b@", "postgres://u:", "//", "/a", "..", "C:\\a\\", "\\\\a"],
    "keys": ["AKIA", "AKIAIOSFODNN7EXAMPL ", "sk-", "sk-proj-", "ghp_", "xoxb-", "xoxb-1-", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----\n",
             "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "password", "password=", "password: ", "password = \"", "api_key=", "api_key: '", "secret", "token=", "Bearer ",
             "Authorization: Basic ", "curl -u a:", "key", "_key", "pwd:", "--password ", "AIza", "hooks.slack.com/services/T", "SG.", "a1B2", "aB3dE5gH7"],
    "letters": ["a", "A", "z", "aA", " ", "  a", "\n", "\t", "a ", "a\n", "ab ", "A. ", "A.", "I ", "-", "--", "_", "=", "+", "/", ".", ",", "'", "\"", "`", "```", "```\n", "~", "*", "**", "#",
                "<", ">", "<a>", "<!--", "(", ")", "[", "]", "{", "}", "|", "$", "$(", ";", "!", "?", "é", "ß", "中", "中文 ", "\U0001F600", "w" * 30 + " "],
    "escapes": ["%", "%2", "%25", "%2525", "%252525", "%41", "%2541", "%31%32", "%00", "%u0031", "%zz", "+%20", "&", "&amp;", "&amp;amp;", "&#49;", "&#x31;", "&#38;#49;", "&#", "&lt;",
                "\\", "\\\\", "\\u0031", "\\\\u0031", "\\u", "\\ud83d", "\\x31", "\\n", "\\\"", "=31", "=\n", "\\u005cu0031"],
    "quotes": ["\"a\":", "{\"a\":", "[[", "{\"a\":\"{\\\"a\\\":\\\"", "[\"1\",", "{}", "\"\"", "'a' ", "\"1\": \"1\", ", "<a b=\"", "{{", "({[", "\"password\": \"", "`a` ", "> "],
    "invisible": ["\u200b", "a\u200b", "1\u200b", "\u200d", "i\u200bg\u200bn\u200bo\u200br\u200be ", "\u202e", "\u202ea\u202c", "\u2066", "\u00ad", "\u2060", "\ufeff", "e\u0301", "a" + "\u0301" * 20,
                  "\u0301", "\U000e0041", "\U000e0001", "\ufe0f", "\u00a0", "\u3000", "1\u00a0", "\u2028"],
    "look-alikes": ["\uff11", "\uff11\uff12", "\uff41", "\u0430", "\u0430\u0435\u043e ", "\u0440aypal ", "\U0001d41a", "\U0001d7cf", "\u2460", "\u24d0", "\u0661\u0662", "\u0966", "\u2080", "\u00b9", "\u2010", "1\u2010",
                    "1\u2013", "\uff20", "a\uff20", "\uff0e", "\u0261", "\u1d00", "\U0001f170", "1gn0r3 ", "p4ssw0rd ", "i g n o r e ", "i.g.n.o.r.e ", "i-g-n-o-r-e "],
}


def encodings(size):
    """Runs of encoded text, and encodings of encodings."""
    chance = random.Random(2)
    raw = bytes(chance.randrange(256) for _ in range(size))
    plain = prose(size, ENGLISH).encode()
    yield "base64 of noise", base64.b64encode(raw).decode()[:size]
    yield "base64 in lines", base64.encodebytes(raw).decode()[:size]
    yield "base64 of prose", base64.b64encode(plain).decode()[:size]
    yield "base64 of digits", base64.b64encode(b"4111111111111112 " * (size // 17)).decode()[:size]
    yield "base64 words", " ".join(base64.b64encode(plain[at:at + 24]).decode() for at in range(0, size, 24))[:size]
    yield "base64 short words", " ".join(base64.b64encode(plain[at:at + 9]).decode() for at in range(0, size, 9))[:size]
    nested = plain[:size // 8]
    for _ in range(8):
        nested = base64.b64encode(nested)[:size]
    yield "base64 of base64", nested.decode()[:size]
    yield "hex of prose", plain.hex()[:size]
    yield "hex words", " ".join(plain[at:at + 16].hex() for at in range(0, size, 16))[:size]
    yield "hex of hex", plain.hex().encode().hex()[:size]
    yield "hex with colons", raw.hex(":")[:size]
    escaped = "".join(f"%{byte:02x}" for byte in plain)
    yield "percent", escaped[:size]
    for depth in (2, 3, 5):
        yield f"percent, {depth} times", repeated("%" + "25" * (depth - 1) + "31%" + "25" * (depth - 1) + "2d", size)
    yield "percent of percent", urllib.parse.quote(escaped[:size], safe="")[:size]
    yield "entities", "".join(f"&#{byte};" for byte in plain)[:size]
    yield "entities of entities", html.escape(html.escape("".join(f"&#x{byte:x};" for byte in plain)))[:size]
    yield "JSON escapes", "".join(f"\\u{byte:04x}" for byte in plain)[:size]
    text = json.dumps({"text": plain[:2_000].decode(), "number": "4111111111111112"})
    while len(text) < size:
        text = json.dumps({"inner": text, "again": text[:500]})
    yield "JSON in JSON", text[:size]
    yield "open brackets", ("[" * 60 + "1" + "]" * 60) * (size // 121)
    yield "spaced letters", " ".join(plain.decode())[:size]
    yield "zero-width letters", cut("\u200b".join(plain.decode()), size)
    yield "full-width prose", cut("".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in plain.decode()), size)
    yield "reversed prose", plain.decode()[::-1]
    yield "upper case", plain.decode().upper()


def rules():
    """Every rule of the packs: its name, its expression, and its texts to find and not to find."""
    for path in sorted((PACKS / "patterns").glob("*.txt")):
        name, expression, texts = None, "", []
        for line in path.read_text().splitlines() + ["rule: "]:
            key, _, value = line.partition(": ")
            if key == "rule":
                if name:
                    yield f"{path.stem}/{name}", expression, texts
                name, expression, texts = value, "", []
            elif key in ("pattern", "define"):
                expression += value
            elif key in ("match", "pass"):
                texts.append(re.sub(r"\\u\{([0-9A-Fa-f]+)\}", lambda found: chr(int(found.group(1), 16)), value).replace("\\n", "\n"))


def words(expression):
    return re.findall(r"(?<![\\{?<])[A-Za-z][a-z]{2,}(?![}>:])", expression)


def packs(size):
    """Of each pack: its examples, the same without their ends, their beginnings, and the words of its expressions."""
    chance = random.Random(3)
    by_pack = {}
    for name, expression, texts in rules():
        by_pack.setdefault(name.split("/")[0], []).append((expression, texts))
    every = []
    for pack, own in by_pack.items():
        texts = [text for _, texts in own for text in texts]
        yield f"{pack}: examples", repeated(" ".join(texts) + " ", size)
        yield f"{pack}: examples cut short", repeated(" ".join(text[:-1] for text in texts) + " ", size)
        yield f"{pack}: first words", repeated("".join(repeated(text.split(" ")[0] + " ", 400) for text in texts), size)
        vocabulary = sorted({word for expression, _ in own for word in words(expression)})
        every += vocabulary
        chance.shuffle(vocabulary)
        yield f"{pack}: its words", repeated(" ".join(vocabulary) + " ", size)
    chance.shuffle(every)
    yield "the words of all packs", repeated(" ".join(every) + " ", size)
    yield "the words of all packs in lines", repeated("\n".join(every) + "\n", size)
    yield "the words of all packs with numbers", repeated(" 12345 ".join(every) + " ", size)


def of_rules(size):
    """Of each rule, one text: its first example over and over, whole and without its last character."""
    for name, _, texts in rules():
        if texts:
            yield name, repeated(texts[0] + " " + texts[0][:-1] + " ", size)


def adversarial(size, thorough=False):
    """Texts that are meant to be slow, by name."""
    for family, units in UNITS.items():
        for unit in units:
            yield f"{family}: {json.dumps(unit, ensure_ascii=True)[1:-1][:40]}", repeated(unit, size)
    yield from encodings(size)
    yield from packs(size)
    if thorough:
        yield from of_rules(size)
