"""Takes an answer's dress off: Markdown, LaTeX, tags, full-width and typographic signs. Keeps lines and words."""

from __future__ import annotations

import re
import unicodedata

from evalkit.reading.lazy_regex import lazy_regex

LONGEST_READ = 4000
"""Characters looked at, half from the beginning and half from the end: answers stand at either."""

LAST_WORDS = "Final answer: "
"""Put before what is boxed or tagged: no words of the answer's own."""
_SIGNS = {
    **dict.fromkeys("‘’‚‛´", "'"),
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("‐‑‒−﹣－", "-"),
    **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008\u200a\u2002\u2003\u3000\t", " "),
    **dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad", ""),
    "…": "...",
    **dict.fromkeys("✓✔✅☑", " is correct "),
    **dict.fromkeys("✗✘❌✖❎", " is wrong "),
}
_TABLE = (
    str.maketrans(_SIGNS)
    | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {0x24B6 + i: chr(ord("A") + i) for i in range(26)}
    | {0x1F170 + i: chr(ord("A") + i) for i in range(26)}
)
_BRACED = r"\{((?:[^{}]|\{[^{}]{0,80}\}){0,200})\}"
_LATEX: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (lazy_regex(pattern), by)
    for pattern, by in (
        (r"\{([.,])\}", r"\1"),
        (r"(?<=\d)\s*\\[dt]?frac\s*\{\s*(-?\d{1,20})\s*\}\s*\{\s*(\d{1,20})\s*\}", r" \1/\2"),
        (r"\\[dt]?frac\s*\{\s*(-?\d{1,20})\s*\}\s*\{\s*(\d{1,20})\s*\}", r"\1/\2"),
        (r"(?<=\d)\s*\\[,;: ]\s*(?=\d{3}\b)", " "),
        (
            r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|operatorname|emph|bf|rm)\s*" + _BRACED,
            r"\1",
        ),
        (r"\\(?:times|cdot|ast)\b", "×"),
        (r"\\div\b", "÷"),
        (r"\\(?:approx|simeq)\b", "≈"),
        (r"\\(?:to|rightarrow|Rightarrow|implies|therefore)\b", "→"),
        (r"\^\{?\\circ\}?", "°"),
        (r"(?<=[A-Za-z])\^\{?2\}?(?!\w)", "²"),
        (r"(?<=[A-Za-z])\^\{?3\}?(?!\w)", "³"),
        (r"\\euro\b|\\texteuro\b", "€"),
        (r"\\([%$#&_{}])", r"\1"),
        (r"\\(?:left|right|quad|qquad|displaystyle)\b", " "),
        (r"\\[,;:! ]", " "),
        (r"\\[()\[\]]", " "),
    )
)
_BOXED = lazy_regex(r"\\(?:boxed|fbox)\s*" + _BRACED)
_MATHS = lazy_regex(r"\$\$([^$]{1,400})\$\$|\$(?![\s\d.,]*\s)([^$\n]{1,200}?)(?<![\s(/-])\$(?!\d)")
_TAG = lazy_regex(r"</?[A-Za-z][A-Za-z0-9]{0,12}\s?/?>")
_ANSWER_TAG = lazy_regex(
    r"<(?:answer|final|final_answer|antwort)>\s*([^<]{1,400}?)\s*(?:</|$)", re.I
)
_FENCE = lazy_regex(r"^[ \t]*(?:```|~~~)\w*[ \t]*$", re.M)
_MARKS = lazy_regex(
    r"`{1,3}|\*{2,3}|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|(?<![\d\s*])\*(?![\s*])|"
    r"(?<!\S)\*(?=[^\s*])"
)
_NEXT = lazy_regex(
    r"(?<=\S)\s*\n\s*(?:(?:question|frage|aufgabe|passage|message|nachricht|user|human|invoice)\s?\d{0,3}|"
    r"rechnung\s?\d{1,3}):[ \n]",
    re.I,
)
_ECHO = lazy_regex(
    r"\A\W*(?:(?:passage|text|context|abschnitt|kontext)\s?:.*?^\W*)?(?:question|frage)\s?:[^\n]*\n+(?=\W*(?:answer|antwort)\s?:)",
    re.I | re.M | re.S,
)
"""What a base model says again before it answers."""
_HASHES = lazy_regex(r"^[ \t]*####[ \t]*(?=[^#\s]{1,20}[ \t]*$)", re.M)
_LABEL = lazy_regex(
    r"^([ \t]*(?:(?:the|my|die|meine|final|endgültige|correct|richtige) ){0,3}(?:answer|antwort|"
    r"result|ergebnis|lösung|solution|total|summe))[ \t]*:?[ \t]*\n+[ \t]*(?=\S)",
    re.M | re.I,
)
_HEADING = lazy_regex(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?)", re.M)


_STRUCK = lazy_regex(r"~~[^~\n]{1,200}~~|<(?:s|del|strike)>[^<\n]{1,200}</(?:s|del|strike)>", re.I)
_RULE_LINE = lazy_regex(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|?)+[ \t]*$\n?", re.M)
_ROW = lazy_regex(r"^[ \t]*\|(?P<cells>[^\n]*?)\|?[ \t]*$", re.M)


def _row(match: re.Match[str]) -> str:
    """Return a row of a table as `first cell: other cells`."""
    cells = [cell.strip() for cell in match["cells"].split("|")]
    first, rest = cells[0], [cell for cell in cells[1:] if cell]
    return f"{first}: {', '.join(rest)}" if first and rest else " ".join(cells)


def shortened(text: str) -> str:
    """Return the beginning and the end of a long text."""
    half = LONGEST_READ // 2
    return text if len(text) <= LONGEST_READ else f"{text[:half]}\n{text[-half:]}"


def plain(text: str) -> str:
    """Return the words of an answer without their dress; a boxed result and a tagged answer become last lines."""
    text = unicodedata.normalize("NFC", shortened(text).translate(_TABLE)).replace("\r", "\n")
    text = _STRUCK.sub(" ", text)
    if _RULE_LINE.search(text):
        text = _ROW.sub(_row, _RULE_LINE.sub("", text))
    boxed = _BOXED.findall(text)
    text = _BOXED.sub(r" \1 ", text)
    text = _NEXT.split(_ECHO.sub("", text.strip()), maxsplit=1)[
        0
    ]  # a base model goes on with a question of its own
    tagged = _ANSWER_TAG.findall(text)
    final = (tagged or boxed)[-1:]
    text = "\n".join([text, *(f"{LAST_WORDS}{part}" for part in final)])
    text = _MATHS.sub(lambda m: m[1] or m[2], text)
    for pattern, by in _LATEX:
        text = pattern.sub(by, text)
    text = _HASHES.sub("Final answer: ", text)
    for pattern in (_FENCE, _TAG, _MARKS, _HEADING):
        text = pattern.sub("", text)
    text = _LABEL.sub(r"\1: ", text)
    return re.sub(r"[ ]{2,}", " ", text).strip()
