"""Tells whether an answer without a gold's words says something else, or may say the same in words of its own."""

from __future__ import annotations

from evalkit.reading.bounds import direction
from evalkit.reading.clauses import clauses
from evalkit.reading.content import content, told
from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import caseless
from evalkit.reading.opposites import is_opposite
from evalkit.reading.synonyms import are_known
from evalkit.reading.worded import GOLD, RIVAL, words_of
from evalkit.reading.wording import made_alike
from evalkit.reading.words import NEGATION

_ASKS_OF_EVENTS = caseless(
    r"\b(?:why|what (?:\w+ )?(?:happen\w*|causes?|caused)|reason|what\b.*\bdo(?:ne)?\W*$|how(?! (?:many|much|"
    r"old|long|far|"
    r"high|often|big|large|tall|deep|wide|heavy|fast|full|expensive)\b)|warum|weshalb|wieso|wozu|weswegen|grund|ursache|"
    r"was\b.*\b(?:passiert\w*|geschieht|geschah|geschehen|tun|tut|machen|macht|getan|gemacht|bewirkt\w*)|"
    r"wie(?! (?:viele?n?|alt|lange?|hoch|oft|groß|teuer|weit|schwer|schnell|tief|breit|warm|heißt|heißen)\b)|wieviel|"
    r"under what|on what condition|unter welchen)\b"
)
"""Asks for what is told in a clause, which has many wordings, and not for one thing by its name."""
_CLAUSE = caseless(
    r"^\W*(?:because|since|so that|in order|to\s[a-z]+|if|when|once|after\s\w+ing|by\s\w+ing|they|it|he|she|"
    r"weil|da|damit|"
    r"wenn|sobald|falls|um\b.*\bzu|indem|sie|es|er|man)\s"
)
_NOUNS = 4
"""Words of a text that is no clause: another thing in so few is another thing."""
_NEGATED = caseless(NEGATION)
_ALTERED = caseless(
    r"\b(?:non-?\w*|not|ex-?|former|previous|deputy|vice|assistant|acting|vize-?|ehemalige\w*|frühere\w*|stellvertretende\w*|"
    r"kommissarische\w*|(?:half|part|a third|a quarter|most|hälfte|teil|drittel|viertel|\d/\d) (?:of|von|der|"
    r"des)(?: the| der| des)?)\s?$"
)
"""Words before a gold that make it somebody or something else."""


def asks_of_events(question: str, gold: str) -> bool:
    """Tell whether an answer is told in a clause, and not one thing by its name."""
    return _CLAUSE.match(gold) is not None or _ASKS_OF_EVENTS.search(question) is not None


def may_be_the_same(said: str, gold: str, question: str, passage: str) -> bool:
    """Tell whether an answer may say a gold in words that neither it nor the passage has.

    Of what is told in a clause nobody can tell by its words. Where the passage has the answer's words elsewhere,
    or it has numbers of its own or denies, it says something else.
    """
    if not passage or not asks_of_events(question, gold):
        return False
    is_clause = _CLAUSE.match(gold) is not None
    if not is_clause and max(len(words_of(text)) for text in (said, gold)) <= _NOUNS:
        return False
    words = content(words_of(made_alike(said)))
    known = told(words, made_alike(f"{question}\n{gold}"))
    own = [w for w in words if w not in known]
    is_turned = is_opposite(gold, said) or (
        (_NEGATED.search(said) is None) != (_NEGATED.search(gold) is None)
    )
    if not own or is_turned or any(not w.isalpha() for w in own):
        return False
    wanted = content(words_of(made_alike(gold)))
    unasked = [w for w in wanted if w not in told(wanted, question)]
    if any(are_known(w, other) for w in own for other in unasked):
        return False
    return not told(own, made_alike(passage))


def is_turned(text: str, gold: str, passage: str) -> bool:
    """Tell whether what is said of a gold is its contrary, or somebody else is named: `It rose by 8 %`, `his deputy`.

    Args:
        text: With a sign for the gold.
        gold: The right answer.
        passage: What both are about.
    """
    found = [c.text for c in clauses(text) if GOLD in c.text]
    return bool(found) and all(
        (is_opposite(gold, c) and not _NEGATED.search(c))
        or _is_altered(c, gold, passage)
        or direction(f"{gold.split(' ', 1)[0]} ", "") * direction(c[: c.index(GOLD)], "") < 0
        for c in found
    )


def is_in_another_clause(text: str, gold: str, question: str, passage: str) -> bool:
    """Tell whether one clause tells what was asked, and another the gold of something else: `In spring A, in autumn B`.

    Args:
        text: With a sign for the gold.
        gold: The right answer.
        question: What was asked.
        passage: What both are about.
    """
    if not passage or not _ASKS_ONE.match(question):
        return False
    asked = content(words_of(question))
    there = f"{passage}\n{made_alike(passage)}"

    def told_of(clause: str) -> tuple[set[str], bool]:
        words = [w for w in content(words_of(clause)) if not told([w], gold, by_form=True)]
        known = told(words, question)
        own = [w for w in words if w not in known]
        return set(told(asked, clause, by_form=True)), bool(told(own, there, by_form=True))

    found = clauses(text, splits_pairs=False)
    for sentence in {c.sentence for c in found}:
        own = [c.text for c in found if c.sentence == sentence]
        if any(_SUBORDINATE.match(c) for c in own if GOLD in c):
            continue
        golds = [told_of(c) for c in own if GOLD in c]
        others = [told_of(c) for c in own if GOLD not in c and not _SUBORDINATE.match(c)]
        if golds and all(not said and has_own for said, has_own in golds):
            return any(said and has_own for said, has_own in others)
    return False


_ASKS_ONE = caseless(
    r"^\W*(?:(?:in|at|on|to|from|for|with|by|auf|in|an|zu|von|mit|bei|für|aus)\s)?(?:who|whom|which|what|where|when|how|wer|wen|wem|welche\w*|"
    r"was|wo\w*|wann|wie)\b"
)
_SUBORDINATE = caseless(
    r"^\W*(?:because|since|as|while|when|whereas|after|before|if|während|wenn|nachdem|which|who|that|so|to|thus|"
    r"therefore|but|namely|weil|da|denn|(?:die|der|das)\s(?-i:[a-zäöü])\w*|um|damit|also|nämlich|und zwar|"
    r"sondern|it|he|she|they|es|er|sie)\b"
)
"""Goes on with what was said before."""
_JOINT = r"(?:\s?,?\s(?:and|und|sowie|plus|as well as)\s|\s?[&+]\s?)"
_MORE = r"(?P<{0}>(?:[^\W\d]+\s){{0,2}}[^\W\d]+)"
_ONE_MORE = caseless(
    rf"^\W*{_MORE.format('before')}{_JOINT}(?:[^\W\d_]{{1,4}}\s)*{GOLD}\W*$|{GOLD}{_JOINT}{_MORE.format('behind')}[^\w{RIVAL}]*$"
)


def has_one_more(text: str, gold: str, question: str, passage: str) -> bool:
    """Tell whether a list ends, or a short answer begins, with one more thing of the passage: `harbour and station`."""
    found = _ONE_MORE.search(text.replace(f"{GOLD} ", GOLD) if text.endswith(GOLD) else text)
    if found is None or not passage:
        return False
    words = content(words_of(found["before"] or found["behind"]))
    own = [w for w in words if not told([w], f"{question} {gold}")]
    return bool(own) and len(own) == len(words) == len(told(own, passage, by_form=True))


def bounds_otherwise(said: str, gold: str) -> bool:
    """Tell whether a number that both have has the contrary bound: `from 18 years`, `up to 18 years`."""
    texts = [in_digits(text) for text in (said, gold)]
    wanted = {
        m[0]: direction(texts[1][: m.start()], texts[1][m.end() :])
        for m in _NUMBER.finditer(texts[1])
    }
    found = [
        wanted[m[0]] * direction(texts[0][: m.start()], texts[0][m.end() :])
        for m in _NUMBER.finditer(texts[0])
        if m[0] in wanted
    ]
    return bool(found) and max(found) < 0


_NUMBER = caseless(r"\d+(?:[.,]\d+)*")


def _is_altered(clause: str, gold: str, passage: str) -> bool:
    found = _ALTERED.search(clause[: clause.index(GOLD)])
    word = found[0].strip(" -").casefold() if found else ""
    return bool(word) and word not in gold.casefold() and word not in passage.casefold()
