"""Words that say the contrary of each other: who `lost` did not `win`, and what is `closed` is not `open`."""

from __future__ import annotations

import re

from evalkit.reading.lazy_regex import lazy_regex

_PAIRS = (
    ("win|wins|won|winning|winner", "lose|loses|lost|losing|loser"),
    ("pass|passes|passed", "fail|fails|failed"),
    (r"rise|rises|rose|risen|increase\w*|grow|grows|grew|grown|went up(?! and down)|gone up|go up(?! and)",
     r"fall|falls|fell|fallen|decrease\w*|declin(?:e|es|ed|ing)|drop|drops|dropped|shrank|shrunk|went down|"
     r"gone down"),
    (r"accept\w*|approv\w*|grant(?:s|ed)?|upheld", r"reject\w*|declin(?:e|es|ed)|refus\w*|"
     r"turn(?:s|ed|ing)?\s(?:\w+\s){0,4}?down|dismiss\w*"),
    ("(?:re-?)?open(?:s|ed|ing)?", "close[sd]?|closing|shut|shuts"),
    (r"(?:start|begin|began|begun|commenc)\w*", r"(?:end(?:s|ed|ing)?|expir\w*|finish\w*|terminat\w*)"),
    (r"(?:beginn|begann|begonn|start)\w*|fängt\b.*\ban", r"ende[tn]?|endete\w*|läuft\b.*\b(?:ab|aus)|abläuft|ausläuft"),
    (r"(?:on|in) time|punctual\w*|timely|within the (?:time limit|deadline|period)|before the deadline",
     r"late|delayed|delay|overdue|too late|after the (?:deadline|due date)|belated\w*"),
    (r"positive|satisfied|happy|pleased|delighted|enthusiastic|content",
     r"negative|dissatisfied|unsatisfied|unhappy|displeased|disappointed|angry|annoyed|upset|frustrated"),
    (r"positiv\w*|zufrieden\w*|begeistert\w*|erfreut|glücklich\w*",
     r"negativ\w*|unzufrieden\w*|enttäuscht\w*|verärgert\w*|wütend\w*|sauer|unglücklich\w*|genervt"),
    (r"included|inclusive|part of the", r"extra|separately|additional\w*|surcharge|costs?\s\S*\d+"),
    ("inbegriffen|enthalten|inklusive|im preis", r"extra|zusätzlich|gesondert|aufpreis|zuzüglich|kostet?\s\S*\d+"),
    ("full", "empty"), ("early|earlier", "late|later"), ("before", "after"),
    ("at least", "at most"), ("mindestens", "höchstens"), ("above", "below"),
    ("higher|more expensive|dearer", "lower|cheaper"), ("more", "less|fewer"), ("bigger|larger", "smaller"),
    ("longer", "shorter"), ("older", "younger|newer"), ("faster|quicker", "slower"), ("indoors?", "outdoors?"),
    ("full-time", "part-time"), (r"surviv\w*|alive|lives", "die|died|dead"), ("guilty", "innocent|acquitted"),
    ("temporary", "permanent"), ("first", "last"), ("buy|buys|bought", "sell|sells|sold"),
    ("cured|healthy", "ill|sick"),
    ("gewinn(?:t|en)|gewann(?:en)?|gewonnen", "verlier(?:t|en)|verlor(?:en)?"),
    ("besteh(?:t|en)|bestand(?:en)?", "durchfallen|durchgefallen|fiel(?:en)? durch"),
    (r"steig(?:t|en)|stieg(?:en)?|gestiegen|zugenommen|nahm(?:en)? zu|erhöht\w*|gewachsen|wuchs\w*",
     r"sink(?:t|en)|sank(?:en)?|gesunken|fiel(?:en)?|gefallen|abgenommen|nahm(?:en)? ab|gesenkt|senkte\w*"),
    (r"angenommen|genehmigt\w*|bewilligt\w*|zugestimmt|stattgegeben|stimmte\w*", r"abgelehnt|lehnt\w*|zurückgewiesen|"
     r"abgewiesen|wies\w*|verweigert\w*"),
    (r"offen|geöffnet|öffnet|öffnen|auf(?=\W*$)", r"geschlossen|schließt|schließen|gesperrt|zu(?=\W*$)"),
    (r"pünktlich\w*|fristgerecht\w*|fristgemäß\w*|rechtzeitig\w*|innerhalb der frist",
     r"verspätet\w*|zu spät\w*|verspätung|nach (?:ablauf der frist|fristablauf)|verfristet"),
    ("voll", "leer"), ("früher", "später"), ("mehr", "weniger"),
    ("höher|teurer", "niedriger|billiger|günstiger"), ("größer", "kleiner"), ("länger", "kürzer"),
    ("älter", "jünger|neuer"), ("schneller", "langsamer"), ("vollzeit", "teilzeit"), ("drinnen", "draußen|im freien"),
    (r"überlebt\w*|lebt", r"starb\w*|gestorben|tot"), ("schuldig", "unschuldig|freigesprochen"),
    ("befristet", "unbefristet"), ("gesund", "krank"), ("erste[nrs]?", "letzte[nrs]?"),
    ("kauf(?:t|te|en)|gekauft", "verkauf(?:t|te|en)"),
)  # fmt: skip
_SIDES = tuple(
    tuple(lazy_regex(rf"(?<![\w-])(?:{words})(?!\w)", re.I) for words in pair) for pair in _PAIRS
)


def is_opposite(asked: str, said: str) -> bool:
    """Tell whether a statement has the contrary of a word of the question, and not that word itself."""
    for sides in _SIDES:
        for one, other in (sides, sides[::-1]):
            if one.search(asked) and not other.search(asked) and other.search(said):
                return one.search(said) is None
    return False


def has_same(asked: str, said: str) -> bool:
    """Tell whether a statement has another word for one of the question: `rise`, `grow`."""
    return any(
        side.search(asked) is not None and side.search(said) is not None
        for sides in _SIDES
        for side in sides
    )
