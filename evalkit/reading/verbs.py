"""Brings forms of irregular verbs, English and German, to one stem: `paid` is `pay`, `gezogen` is `zieh`."""

from __future__ import annotations

from functools import cache

from evalkit.reading.lazy_regex import lazy_regex

_ENGLISH = """
pay paid|buy bought|sell sold|get got gotten|give gave given|take took taken|win won|lose lost|leave
left|send sent| spend spent|build built|hold held|make made|find found|begin began begun|run ran|meet
met|keep kept|come came|go went gone|see saw seen|rise rose risen|fall fell fallen|grow grew grown|
drive drove driven|fly flew flown|write wrote written| speak spoke spoken|break broke broken|choose chose
chosen|eat ate eaten|drink drank drunk|teach taught|think thought| bring brought|catch caught|feel
felt|lead led|ride rode ridden|sit sat|stand stood|swim swam swum|wear wore worn|tell told|say said|
know knew known|draw drew drawn|steal stole stolen|freeze froze frozen|sink sank sunk|strike struck|bind
bound|lend lent|lay laid|lie lay lain|sleep slept|shoot shot|sing sang sung|throw threw thrown|tear
tore torn|show shown| die dead death|do did done|become became
"""
_GERMAN = """
zieh zog zug|geh ging gang|komm kam kom|nehm nahm nomm nimm|geb gab gib|find fand fund|beginn begann
begonn| schließ schloss schluss|biet bot|lier lor lust|winn wann wonn|sterb starb storb stirb|schreib
schrieb|bleib blieb| steig stieg|fall fiel fäll|sink sank sunk|lieg lag leg|steh stand|ess aß gess iss|
trink trank trunk|brech brach broch brich bruch|sprech sprach sproch sprich|treff traf troff triff|helf
half holf hilf|werf warf worf wirf|flieg flog flug| leih lieh|wachs wuchs|trag trug träg|schlag schlug
schläg|lad lud|wasch wusch wäsch|ruf rief|lauf lief läuf|halt hielt hält|lass ließ läss|fang fing fäng|
heiß hieß|sitz saß sess|les las lies|seh sah sieh|denk dach|bring brach|kenn kann| nenn nann|brenn
brann|fahr fuhr fähr|schneid schnitt|streit stritt|reiß riss|greif griff|weis wies|steck stak|gieß
goss| frier fror|schieb schob|wieg wog|heb hob|bieg bog|lüg log|reit ritt|leid litt|meid mied|gelt
galt golt gilt|stehl stahl stohl stiehl|schwimm schwamm schwomm|zwing zwang zwung|bind band bund|sing
sang sung|spring sprang sprung
"""
_PREFIX = lazy_regex(
    r"^(?:ab|an|auf|aus|be|bei|dar|durch|ein|ent|er|fest|frei|fort|ge|her|hin|los|mit|nach|statt|teil|über|um|unter|ver|vor|"
    r"weg|wieder|zer|zu|zurück|zusammen)"
)
_ENDING = lazy_regex(r"(?:end)?(?:e[nmrst]?|en|te[nt]?|t|st|n|s)?$")
_LEAST = 3


def _stems(table: str) -> dict[str, str]:
    entries = [entry.split() for entry in table.replace("\n", " ").split("|")]
    return {form: forms[0] for forms in reversed(entries) for form in forms}


_OF_ENGLISH, _OF_GERMAN = _stems(_ENGLISH), _stems(_GERMAN)


@cache
def root(word: str) -> str:
    """Return the stem that a verb's forms share, prefix included, or the word itself.

    Args:
        word: In small letters.
    """
    if word in _OF_ENGLISH:
        return _OF_ENGLISH[word]
    bare = _ENDING.sub("", word)
    prefix = ""
    while len(bare) >= _LEAST - 1:
        if bare in _OF_GERMAN:
            return prefix.replace("ge", "") + _OF_GERMAN[bare]
        found = _PREFIX.match(bare)
        if found is None:
            break
        prefix, bare = prefix + found[0], bare[found.end() :]
    return word
