"""Reads whether a short answer says yes or no: in a word for it, or by saying the question again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.context import asked_words
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.names import in_one_form
from evalkit.reading.opposites import has_same, is_opposite
from evalkit.reading.refusal import is_bare_refusal, is_refusal, refuses
from evalkit.reading.verbs import root
from evalkit.reading.words import NEGATION, NO_NEGATION

YES, NO = frozenset({"yes", "ja", "true", "wahr"}), frozenset({"no", "nein", "false", "falsch"})


_FEW = 7
"""Words of an answer that denies what was asked without a word of it: `You don't get it back.`"""
_SHORT = 5
"""Words of an answer that rules something out, or in, without saying what again: `That is forbidden.`"""


_LABEL = lazy_regex(r"^.*\b(?:answer|antwort)\b\W*[:=]\s*(?=\w)", re.I | re.S)
_LEAD = (
    r"^\W*(?:(?:well|so|also|tja|nun|oh|hm+|but|aber|leider|unfortunately|sadly|the answer is|"
    r"die antwort (?:ist|"
    r"lautet)|clearly|according to the \w+|laut (?:dem |der )?\w+|in short|kurz(?: gesagt)?)\b\W*){0,2}"
)
_SAYS_NO = caseless(
    rf"{_LEAD}(?:no(?! problem| doubt| question| objection)\b|nope|nah|nay|never|not?\b(?= at all| really|"
    rf" for| "
    r"in |\W*$)|negative|false|incorrect|wrong|"
    r"by no means|on no account|in no case|no way|under no circumstances|(?:of course|certainly|"
    r"definitely|absolutely|"
    r"surely|probably|generally|sadly|apparently) not|"
    r"(?:(?:that|this|it)(?:'s| is)(?: not|n't)|(?:that|this|it) isn't) possible(?=\W*(?:$|[.,;]))|"
    r"(?:ist (?:das|dies|es)|(?:das|dies) ist) (?:\w+ )?nicht möglich(?=\W*(?:$|[.,;]))|"
    r"unfortunately not|i'm afraid not|(?:it|that|this|they|he|she|you|one|we|there)(?:'s| is| are| does|"
    r" do| did| "
    r"was| were| may| can| must| has| have| will| would)?(?: not|n't|not)\b\W*$|nein|nee|nö|niemals|nie|"
    r"keinesfalls|"
    r"keineswegs|mitnichten|auf (?:gar )?keinen fall|in keinem fall|unter keinen umständen|(?:natürlich|"
    r"sicher|"
    r"bestimmt|eindeutig|wohl|eher|selbstverständlich|definitiv|grundsätzlich|überhaupt|gar|offenbar) nicht|"
    r"(?:das|dies) (?:wird|werden|ist|sind|darf|dürfen|kann|können|muss|müssen|hat|haben|gilt|tut|tun|war|"
    r"waren) (?:er|sie|es|"
    r"man|wir|ihr) (?:\w+ )?nicht\W*$|(?:hat|ist|darf|wird|kann|muss|tut|war) (?:er|sie|es|"
    r"man) (?:\w+ )?nicht\W*$|nicht\W*$|falsch|unwahr|stimmt nicht|das (?:stimmt|ist|darf|geht|gilt|"
    r"trifft) (?:\w+ )?nicht(?: zu)?\W*$)"
)
_SAYS_YES = caseless(
    rf"{_LEAD}(?:yes|yep|yup|yeah|yea|sure(?:ly)?|certainly|definitely|absolutely|affirmative|of course|"
    rf"correct|right|"
    r"indeed|true|exactly|naturally|by all means|without (?:a )?doubt|no (?:problem|doubt)|"
    r"(?:that|this|it)(?:'s| is) (?:\w+ )?(?:correct|right|true|the case|so)\b|(?:it|they|he|she|you|one|"
    r"we|there|"
    r"that) (?:is|are|does|do|did|was|were|may|can|must|has|have|will|would)\b(?=\W*(?:$|[,.;]))|"
    r"jawohl|ja(?:woll|aa?)?|klar|natürlich|selbstverständlich|gewiss|sicher(?:lich)?|durchaus|stimmt|"
    r"richtig|genau|"
    r"korrekt|wahr|zutreffend|freilich|auf jeden fall|in jedem fall|kein problem|unbedingt|definitiv|doch|"
    r"(?:das|dies|es) (?:ist (?:so|richtig|korrekt|wahr|der fall)|stimmt|trifft zu|geht)\b(?! nicht)|"
    r"(?:das|dies|ja,? das) (?:wird|werden|ist|sind|darf|dürfen|kann|können|muss|müssen|hat|haben|gilt|"
    r"tut|tun|"
    r"war|waren) "
    r"(?:er|sie|es|man|wir|ihr)(?: auch)?\b\W*$)"
)
_FORBIDDEN = caseless(
    r"\b(?:prohibited|forbidden|banned|excluded|illegal|disallowed|barred|denied|refused|ruled out|"
    r"impermissible|"
    r"fail(?:s|ed)? to|missed|refuse[sd]? to|declined to|versäum\w+|unterließ|unterlassen|impossible|"
    r"unnecessary|optional|voluntary|exempt|invalid|unavailable|"
    r"verboten|untersagt|ausgeschlossen|unzulässig|unmöglich|unnötig|freiwillig|tabu|ausgenommen|ungültig|"
    r"verwehrt|entfällt|unerwünscht|verbietet|untersagt|schließt \w+(?: \w+)? aus)\b"
)
_PERMITTED = caseless(
    r"\b(?:permitted|allowed|permissible|okay|ok|fine|possible|legal|welcome|available|entitled|free to|"
    r"covered|"
    r"included|"
    r"erlaubt|gestattet|zulässig|möglich|zugelassen|willkommen|gedeckt|mitversichert|inbegriffen|enthalten)\b"
)
_NEEDED = caseless(
    r"\b(?:must|required|mandatory|necessary|needed|needs?|obligatory|compulsory|have to|has to|obliged|"
    r"\w*pflicht|"
    r"muss|müssen|nötig|notwendig|erforderlich|pflicht|verpflichtend|vorgeschrieben|obligatorisch|"
    r"gebraucht)\b"
)
_DONE_WITHOUT = caseless(r"\b(?:without|ohne)\s(?:an?\s|the\s|any\s|ein\w*\s)?(?P<noun>\w+)")
_MUST = caseless(r"\b(?:must|required|mandatory|obligatory|muss|müssen|pflicht|vorgeschrieben)\b")
_ADVISED = caseless(
    r"\b(?:recommended|advised|advisable|suggested|encouraged|empfohlen|ratsam|angeraten|nahegelegt|"
    r"erwünscht)\b"
)
_ONLY_NOT = caseless(r"\b(?:just|only|nur|bloß)\s(?:not|nicht)\b")
_ASKS_LEAVE = caseless(
    r"\b(?:may|can|could|allow\w*|permit\w*|possible|cover\w*|includ\w*|darf|dürfen|kann|können|erlaubt|"
    r"gestattet|"
    r"möglich|zulässig|welcome|willkommen|zugelassen|gedeckt|abgedeckt|enthalten|inbegriffen)\b"
)
_ASKS_NEED = caseless(
    r"\b(?:must|need\w*|required?|necessary|mandatory|obliged|compulsory|have to|has to|muss|müssen|nötig|"
    r"notwendig|erforderlich|pflicht|brauch\w*|verpflichtet|vorgeschrieben)\b"
)
_ONLY = caseless(r"\b(?:only|solely|exclusively|just|nur|lediglich|ausschließlich|allein|erst)\b")
_ON_CONDITION = caseless(
    r"\b(?:only|just|nur|lediglich)\s(?:with|without|if|when|while|provided|after|during|mit|ohne|wenn|"
    r"falls|sofern|"
    r"nach|während)\b"
)
_PRONOUN = caseless(r"\b(?:it|they|them|this|that|you|he|she|es|sie|das|dies|er)\b")
_OF_TEXT = caseless(
    r"\b(?:passage|text|document|article|excerpt|context|abschnitt|textes|dokument|artikel|auszug|whether|ob|"
    r"say|says|said|"
    r"stated?|states|mention\w*|told|tell|gesagt|sagt|erwähn\w*|genannt|angegeben|steht|know|weiß|angabe\w*|"
    r"information\w*)\b"
)
_WITHOUT = caseless(r"\b(?:without|ohne)\s(?:\w+\s){0,2}?\w+")
"""Says on which terms, not whether."""
_NEGATED, _IDIOM = caseless(NEGATION), caseless(NO_NEGATION)


def says_yes(said: str, question: str) -> bool | None:
    """Tell whether an answer says yes; None: that can't be told, or it says that it is not told."""
    said = _LABEL.sub("", said)
    if is_bare_refusal(said):
        return None
    told = said_in_a_word(said)
    if told is not None:
        return told
    if (
        _of_price(said, question) is None
        and is_refusal(said, question)
        and (_OF_TEXT.search(said) or not _restates(said, question))
    ):
        return None
    told = _of_price(said, question)
    if told is None:
        told = _of_asked_part(said, question)
    if told is not None:
        return told
    found = [c for c in clauses(said) if not refuses(c.text) or _restates(c.text, question)]
    return _by_statement(found, said, question) if found else None


def said_in_a_word(said: str) -> bool | None:
    """Return what a word at the beginning says, or one at the end; None: there is none."""
    if _SAYS_NO.match(said):
        return False
    if _SAYS_YES.match(said) and not re.match(rf"\W*\w+(?:\s\w+)?\s(?:{NEGATION})", said, re.I):
        return True
    words = re.findall(r"\w+", said.casefold())
    told = {word in YES for word in words if word in YES | NO}
    return told == {True} if words and words[-1] in YES | NO and len(told) == 1 else None


def _of_price(said: str, question: str) -> bool | None:
    """Return whether something is free, where that is asked and an answer tells what it costs."""
    if not _ASKS_FREE.search(question):
        return None
    if _PAYS_NOTHING.search(said):
        return True
    return False if _COSTS.search(said) else None


_ASKS_FREE = caseless(r"\b(?:free|free of charge|frei|kostenlos|gratis|umsonst|kostenfrei)\b")
_PAYS_NOTHING = caseless(
    r"\b(?:pays?|paying|costs?|charged?|zahl\w*|kostet|kosten|bezahl\w*)\b[^.]{0,20}\b(?:nothing|nichts)\b|"
    r"\bno charge\b"
)
_COSTS = caseless(
    r"\b(?:cost|costs|pays?|kostet|kosten|zahlt|zahlen)\b[^.]{0,20}(?:[$€£]\s?[1-9]|"
    r"[1-9]\d*(?:[.,]\d+)?\s?(?:[$€£]|euros?|dollars?|"
    r"pounds?|franken))"
)


def _of_asked_part(said: str, question: str) -> bool | None:
    """Return what is said of what is asked: `indoors yes, outdoors no`."""
    asked = set(stems(question))
    told = []
    for clause in clauses(said):
        words = re.findall(r"\w+", clause.text.casefold())
        if words and words[-1] in YES | NO:
            told.append((len(asked & set(stems(clause.text))), words[-1] in YES))
    told.sort(reverse=True)
    return told[0][1] if len(told) > 1 and told[0][0] > told[1][0] else None


def _is_of_other_time(question: str, said: str) -> bool:
    """Tell whether a question and an answer name days or months, and not the same."""
    one, other = (
        set(re.findall(r"\b(?:month|weekday)\d+", in_one_form(t))) for t in (question, said)
    )
    return bool(one) and bool(other) and not one & other


def _restates(text: str, question: str) -> bool:
    """Tell whether a text says at least half of the question's words again."""
    asked = set(stems(question))
    return bool(asked) and 2 * len(asked & set(stems(text))) >= len(asked)


def _by_statement(found: list[Clause], said: str, question: str) -> bool | None:
    asked, told = set(stems(question)), set(stems(said))
    is_ruled = _PERMITTED.search(said) is not None or _FORBIDDEN.search(said) is not None
    is_short = len(said.split()) <= _SHORT
    of_leave = is_ruled and (_ASKS_LEAVE.search(question) is not None or is_short)
    of_need = _ASKS_NEED.search(question) is not None and (
        _NEEDED.search(said) is not None
        or _ADVISED.search(said) is not None
        or _FORBIDDEN.search(said) is not None
        or _DONE_WITHOUT.search(said) is not None
    )
    is_told = bool(asked & told) or is_opposite(question, said) or has_same(question, said)
    if not (is_told or of_leave or of_need or _ONLY.search(said)):
        is_no = len(found) == 1 and _PRONOUN.search(said) is not None and is_denied(said)
        return False if is_no and len(said.split()) <= _FEW and not is_denied(question) else None
    if any(_is_for_others(c.text, asked) for c in found):
        return False
    best = max(found, key=lambda c: (len(asked & set(stems(c.text))), -c.start))
    first = found[0] if is_denied(found[0].text) else best
    denied = is_denied(first.text)
    done_without = _DONE_WITHOUT.search(said)
    if of_need and done_without and set(stems(done_without["noun"])) & asked:
        return False
    if of_need and not denied and _ADVISED.search(first.text) and not _MUST.search(first.text):
        return False
    if (
        not denied
        and _ONLY.search(_ONLY_NOT.sub("", first.text))
        and not _ON_CONDITION.search(said)
    ):
        if asked <= told:
            return True
        if _is_of_other_time(question, said):
            return False
        if _PRONOUN.search(said.split(" ", 1)[0]) and not asked & told:
            return None
        return False
    return denied == (is_denied(question) != is_opposite(question, first.text))


_RESERVED = caseless(
    r"\b(?:reserved|reserviert|restricted|only|nur|exclusively|ausschließlich)\s(?:for|to|für)\s(?P<whom>.+)|"
    r"(?:für\s)?(?P<them>\w+)\s(?:vorbehalten|reserviert)\b"
)


def _is_for_others(text: str, asked: set[str]) -> bool:
    """Tell whether what is asked about is for those that the question does not name."""
    found = _RESERVED.search(text)
    if found is None or _NEGATED.search(text):
        return False
    whom = set(stems(found["whom"] or found["them"]))
    rest = set(stems(text[: found.start()]))
    return bool(whom) and not whom & asked and bool(rest & asked or _PRONOUN.search(text))


def is_denied(text: str) -> bool:
    """Tell whether a statement is negative: `not allowed` and `forbidden` are, `not forbidden` is not."""
    text = _WITHOUT.sub("", _IDIOM.sub("", text))
    return (_NEGATED.search(text) is not None) != (_FORBIDDEN.search(text) is not None)


def stems(text: str) -> Iterator[str]:
    """Yield the beginnings of words that an answer may say again."""
    for word in asked_words(text):
        verb = root(word)
        yield verb if verb != word else re.sub(r"(?:en|e|s|n)$", "", word)[:5]
