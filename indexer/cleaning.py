"""Catalogue text → text fit to be shown and embedded. Pure functions; the common clean case costs next to nothing.

HTML is taken out with rules that know the names of HTML's elements, because product text is rarely a well-formed page:
`a < b` and `x<y and z>w` must survive, and a broken tag must not swallow the paragraph behind it.
"""

from __future__ import annotations

import html
import re
import unicodedata

import ftfy
from ftfy.badness import is_bad
from ftfy.fixes import fix_c1_controls

TEXT_LIMIT = 20_000
"""Characters kept of a description; the rest is cut off with a warning."""

RAW_LIMIT = 200_000
"""Characters looked at before cleaning, so that a field of many megabytes does not cost minutes."""

_BLOCK_NAMES = """
address area article aside audio base blockquote body br button canvas caption center col colgroup dd details
dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header
hr html iframe img input label legend li link main map menu meta nav noscript object ol optgroup option p param
pre section select source summary table tbody td textarea tfoot th thead title tr track ul video
"""
_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark meter nobr output progress q rp rt
ruby s samp script small span strike strong style sub sup svg time tt u var wbr
"""
_BLOCK, _INLINE = frozenset(_BLOCK_NAMES.split()), frozenset(_INLINE_NAMES.split())

# Possessive groups: a tag that does not close is given up in one pass, however long it is.
_TAG = re.compile(
    r"""</?([A-Za-z][A-Za-z0-9:_-]*+)((?:[\s/](?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)?+)\s*+>"""
    r"""|</?([A-Za-z][A-Za-z0-9:_-]*+)((?:[\s/][^<>]*+)?+)>"""
)
_DECLARATION = re.compile(r"<(?:!(?:doctype|element|attlist|entity)\b|\?xml\b)[^<>]*+>", re.IGNORECASE)
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|&(?:nbsp|amp|quot|lt|gt)(?![\w;=])"
)

_BRACES = re.compile(r"\{([^{}]{0,5000})\}")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_PROPERTY = re.compile(
    r"-?(?:color|font|margin|padding|border|background|text|line|list|width|height|display|float|clear|position|top|left|"
    r"right|bottom|overflow|vertical|z-index|opacity|white|max|min|cursor|content|box|visibility|letter|word|outline|"
    r"webkit|moz|ms|filter|zoom|transform|transition|animation|flex|align|justify|grid|table|clip|page)[a-z-]*",
    re.IGNORECASE,
)
_SELECTOR_TAIL = re.compile(
    r"(?:[.#][\w-]+|\*|\b(?:body|html|ul|ol|li|p|h[1-6]|hr|td|tr|th|table|div|span|img|a|dl|dt|dd)(?![\w])|@(?:media|font-face|page|supports)\b[^;{}]*|"
    r"::?[\w-]+|\[[^\[\]]*\]|[\s,>+~])+$",
    re.IGNORECASE,
)

_CONTROLS = re.compile(
    # Soft hyphen, zero-width space, direction marks, word joiner, BOM and interlinear marks, next to the real controls.
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
    # Joiners stay only inside scripts (and emoji) that need them.
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SUSPECT = re.compile("[\x80-\u04ff\u2010-\u2122\u2190-\u25ff\ufb01\ufb02]{2}|[ÂÃ] ")
"""Two such letters or signs side by side: without them nothing was decoded wrongly, and ftfy's own test is slow."""
_C1 = re.compile("[\x80-\x9f]")

# A line break that an export wrote out as \n; «cotton\navy» is something else.
_WRITTEN_BREAK = re.compile(r"(?:\\r)?\\n(?![a-z])|\\r\\n|\\t(?![a-z])")

_LIST_ITEM = re.compile(r"""\s*+(?:'((?:[^'\\]++|\\.)*+)'|"((?:[^"\\]++|\\.)*+)")\s*+(,|$)""", re.DOTALL)
_ITEM_BORDER = re.compile(r"""['"],\s*['"]""")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def clean(text: str) -> str:
    """One line of plain text: HTML and CSS out, entities resolved, mojibake mended, Unicode NFC, white space single.

    What it returns it leaves alone, but for escaped markup more than three levels deep and for mojibake of mojibake.
    """
    if text.isascii():
        if "<" not in text and "&" not in text and "{" not in text and "\\" not in text:
            return _squeeze(text)
    else:
        text = _mend(text)
    text = _strip_markup(_squeeze(text))
    if "\\" in text:
        text = _WRITTEN_BREAK.sub(" ", text)
    return _squeeze(text if text.isascii() else unicodedata.normalize("NFC", text))


def _squeeze(text: str) -> str:
    text = " ".join(text.split())
    return text if text.isprintable() else " ".join(_CONTROLS.sub("", text).split())


def clean_name(text: str) -> str:
    """For ids, codes and column names: NFC, no control characters, trimmed; nothing is interpreted."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _CONTROLS.sub("", unicodedata.normalize("NFC", repair_surrogates(text))).strip()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a space where there is one in the last fifth."""
    if len(text) <= limit:
        return text
    space = text.rfind(" ", limit - limit // 5, limit)
    return text[: space if space > 0 else limit].rstrip()


def repair_surrogates(text: str) -> str:
    """Halves of a character that stand alone become U+FFFD, pairs become the character they spell."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def python_list(text: str) -> list[str] | None:
    """The strings of a text that is a Python list of strings written out (`"['one', 'two']"`); None if it is not.

    Read by its own small grammar: `ast.literal_eval` warns about escapes and gives up where a quote inside an item was
    not escaped, as in many exports. Such a list is split at what looks like the end of one item and the next begin.
    """
    stripped = text.strip()
    if stripped == "[]":
        return []
    if len(stripped) < 4 or stripped[0] != "[" or stripped[-1] != "]" or stripped[1:].lstrip()[:1] not in ("'", '"'):
        return None
    items: list[str] = []
    body, position = stripped[1:-1], 0
    while position < len(body):
        match = _LIST_ITEM.match(body, position)
        if match is None:
            return _ITEM_BORDER.split(stripped[2:-2]) if stripped[-2] in "'\"" else None
        items.append(_unescape(match[1] if match[1] is not None else match[2]))
        position = match.end()
    return items


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        return chr(int(code, 16)) if code else _ESCAPED.get(match[4], match[4])

    return repair_surrogates(_ESCAPE.sub(one, text)) if "\\" in text else text


def _mend(text: str) -> str:
    """Undo one decoding too many («Ã©» → «é»). Text that does not look broken is not touched."""
    text = repair_surrogates(text)
    if _SUSPECT.search(text) and is_bad(text):
        text = ftfy.fix_encoding(text)
    if _C1.search(text):
        text = fix_c1_controls(text)
    return text


def _strip_markup(text: str) -> str:
    # Catalogues hold markup that was escaped once or twice, hence the rounds.
    for _ in range(3):
        before = text
        if "<" in text:
            text = _drop_tags(_drop_content(_drop_comments(text)))
        if "{" in text:
            text = _drop_css(text)
        if "&" in text:
            text = _ENTITY.sub(_entity, text)
        if text == before:
            break
    return text


def _entity(match: re.Match[str]) -> str:
    return html.unescape(match[0] if match[0].endswith(";") else match[0] + ";")


def _drop_comments(text: str) -> str:
    """`<!-- … -->` goes with what it holds; a comment that never ends loses its mark only, so no text is swallowed."""
    pieces, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        pieces.append(text[position:start])
        position = end + 3
    text = "".join([*pieces, text[position:]])
    for mark in ("<!--", "-->", "<![CDATA[", "]]>"):
        text = text.replace(mark, " ")
    return text


def _drop_content(text: str) -> str:
    """Elements whose content is no text: `<style>…</style>`, `<script>…</script>`."""
    for name in ("style", "script"):
        lower = text.lower()
        if f"</{name}" not in lower or len(lower) != len(text):
            continue
        pieces, position = [], 0
        while (start := lower.find(f"<{name}", position)) >= 0 and (end := lower.find(f"</{name}", start)) >= 0:
            pieces.append(text[position:start])
            close = lower.find(">", end)
            position = len(text) if close < 0 else close + 1
        text = " ".join([*pieces, text[position:]])
    return text


def _drop_tags(text: str) -> str:
    return _TAG.sub(_tag, _DECLARATION.sub(" ", text))


def _tag(match: re.Match[str]) -> str:
    name = (match[1] or match[3]).lower()
    if name in _BLOCK:
        return " "
    if name in _INLINE:
        return ""
    attributes = match[2] or match[4] or ""
    # Not HTML: a custom or Office element goes, «x<y and z>w» stays.
    foreign = ":" in name[:-1] or "-" in name or "=" in attributes
    return " " if foreign and not name.startswith(("http:", "https:")) else match[0]


def _drop_css(text: str) -> str:
    """Style sheets whose `<style>` was lost on the way: `.header {color:#000}` goes, `{size: large}` stays."""
    pieces: list[str] = []
    position = 0
    for match in _BRACES.finditer(text):
        if not _is_css(match[1]):
            continue
        before = text[position : match.start()]
        head, tail = before[:-200], _CSS_COMMENT.sub(" ", before[-200:])
        pieces.append(head + _SELECTOR_TAIL.sub(" ", tail))
        position = match.end()
    return " ".join([*pieces, text[position:]]) if position else text


def _is_css(body: str) -> bool:
    declarations = [part.strip() for part in _CSS_COMMENT.sub(" ", body).split(";") if part.strip()]
    return bool(declarations) and all(
        colon and value.strip() and _CSS_PROPERTY.fullmatch(name.strip())
        for name, colon, value in (part.partition(":") for part in declarations)
    )
