"""Tells whether an answer says that it can't be told: from the passage, or at all."""

from __future__ import annotations

import re
from enum import Enum

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.context import asked_words
from evalkit.reading.plain import plain
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts


class Kind(Enum):
    """What a clause does."""

    REFUSES = "refuses"
    ABOUT = "about"
    """Speaks of the passage, the question or the writer: `The passage mentions …`."""
    SIDE = "side"
    """A subordinate clause, a guess, a label, or a courtesy."""
    ANSWERS = "answers"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_TEXT = (
    r"(?:passage|text|document|article|excerpt|context|paragraph|source|material|snippet|section|report|email|"
    r"letter|contract|notice|"
    r"abschnitt|textes|dokument\w*|artikel\w*|auszug|ausschnitt|absatz|passus|quelle|vorlage|unterlagen|bericht\w*|"
    r"vertrag\w*|schreiben)"
)
_NOT = (
    r"(?:\b(?:not|never|nowhere|no|nothing|none|nobody|no one|neither|nor|cannot|without|hardly)\b|n't\b|"
    r"\b(?:dont|doesnt|isnt|"
    r"cant|wont|didnt|wasnt|arent)\b|"
    r"\b(?:nicht|nichts|nirgend\w*|kein(?:e[nmrs]?|erlei)?|weder|ohne|nie|niemand\w*)\b)"
)
_TOLD = (
    r"\b(?:stat(?:e[sd]?|ing)|mention\w*|specif\w*|sa(?:y|ys|id)|t(?:ell|ells|old)|indicat\w*|disclos\w*|reveal\w*|"
    r"describ\w*|discuss\w*|"
    r"detail\w*|clarif\w*|explain\w*|address\w*|touch(?:es)? (?:up)?on|refer\w*|specified|determin\w*|infer\w*|"
    r"deduc\w*|conclud\w*|"
    r"ascertain\w*|answer\w*|information|indication|info|clue|evidence|"
    r"angegeben|angibt|genannt\w*|nenn\w*|benannt|erwähn\w*|gesagt|sagt|hervor\w*|entnehm\w*|entnommen|ersichtlich|"
    r"beantwort\w*|"
    r"angaben?|information\w*|aussagen?|auskunft|auskünfte|hinweise?|bestimm\w*|ermittel\w*|beschrieben|aufgeführt|"
    r"aufgelistet|vermerkt|"
    r"festgehalten|spezifiziert|thematisiert|beziffert|ableiten|abgeleitet|erschließen|herauslesen|verrät|verraten|"
    r"erläutert|ausgesagt|"
    r"beurteil\w*|einschätz\w*|schließen|festzustellen|feststell\w*|klären|nachvollziehen|herausfinden|aufschluss|"
    r"judge|assess|work out|figure out|find out|make out|establish|verif\w*|confirm\w*|"
    r"eingegangen|zu entnehmen|herleiten|mitgeteilt|dokumentiert|behandelt|preis(?:ge)?geben|erfahren|erfährt|"
    r"erfahre|erkennbar|erkennen|rede|antwort)\b"
)
_TOLD_BY_TEXT = (
    r"\b(?:giv\w+|gave|provid\w*|includ\w*|contain\w*|list\w*|offer\w*|cover\w*|show\w*|name[sd]?|report\w*|"
    r"note[sd]?|record\w*|suppl\w*|find|found|appear\w*|"
    r"known?|clear|evident|apparent|available|possible|present|enough|sufficient|speak\w*|talk\w*|word|figure|"
    r"details?|data|date|"
    r"steht|stehen|enthalten|enthält|find\w*|gefunden|bekannt|klar|vorhanden|vor|möglich|verfügbar|erfass\w*|"
    r"ausreich\w*|reich\w*|liefert|macht|bietet|geht|"
    r"spricht|sprechen|gefund\w*|zu|enthielt|liegen|liegt|nachzulesen|wort|detail\w*|daten|wert|sage\w*|zitier\w*)\b"
)
_SUBJECT = (
    rf"\b(?:{_TEXT}|it|this|that|there|question|answer|i|we|one|you|anything|passages?|es|das|dies\w*|dazu|"
    r"darüber|hierzu|hierüber|darin|davon|man|ich|wir|frage|im|laut|anhand)\b"
)
_STRONG = _compiled(
    rf"(?:question|frage)\b.{{0,40}}(?:{_NOT}.{{0,30}}(?:answer\w*|beantwort\w*)|unanswerable|offen|open)|"
    rf"(?:\bi|\bwe|\bich|\bman|\bwir)\b.{{0,25}}{_NOT}.{{0,40}}\b(?:answer|say|tell|know|determine|beantwort\w*|"
    r"sagen|wissen|weiß|bestimmen)\b|"
    rf"{_NOT}.{{0,25}}\b(?:answer|tell|determine|beantwort\w*)\b.{{0,30}}\b(?:question|frage|this|that|from|based|"
    r"aus|anhand|mit)\b|"
    r"kann (?:ich )?(?:\w+ ){0,5}nicht (?:beantwort\w*|sagen)|weiß (?:ich )?(?:\w+ )?nicht|lässt sich (?:\w+ "
    r"){0,5}nicht (?:\w+ ){0,3}(?:beantwort\w*|sagen|entnehmen|bestimmen)"
)
_REFUSING = (
    _compiled(rf"{_NOT}.{{0,90}}?{_TOLD}|{_TOLD}.{{0,60}}?{_NOT}"),
    _compiled(
        rf"{_NOT}(?:\s\w+)?\s(?:given|listed|known|named|reported|recorded|spelled out|angegeben|gegeben|benannt|"
        r"gelistet)\b|"
        r"^\W*(?:there (?:is|are|was|were) )?no\s(?:\w+\s){1,8}(?:is|are|was|were|has been|have "
        r"been)\s(?:\w+\s)?"
        r"(?:given|provided|listed|shown|supplied|named|included|reported|recorded|found|available|known)\b|"
        r"\b(?:steht|stehen|findet sich|gibt es) (?:\w+ ){0,3}nichts\b|\bnichts (?:da|drin|dabei)\b|"
        r"\bnothing (?:at all )?in (?:there|here|the|this)\b|(?:lässt|"
        r"lassen) sich (?:\w+ ){0,3}nicht (?:\w+ ){0,2}(?:sagen|"
        r"klären|beantworten|feststellen|ermitteln|bestimmen|ableiten|erkennen|entnehmen|schließen)\b|"
        rf"{_NOT}\s(?:\w+\s)?(?:among|part of|one of|unter|teil|darunter|dabei)\b|"
        r"\b(?:date|name|number|price|amount|time|cost|figure|value|weight|size|age|colou?r|address|reason|"
        r"location|duration|length|year|"
        r"details?|title|rate|fee|information|place|height|speed|kind|"
        rf"type)\b.{{0,40}}{_NOT}(?:\s\w+)?\s(?:provided|included|available|there|shown|contained)\b|"
        r"\bnothing (?:\w+ )?(?:about|on|regarding|concerning)\b|\bnichts (?:\w+ )?(?:über|zu|davon|dazu|darüber)\b|"
        rf"{_NOT}\s(?:aber\s|however\s|jedoch\s)?(?:who|what|when|where|which|how|why|whose|wer|was|wann|wo|"
        r"welche\w*|wie|warum|wessen|wem|wen|woher|wohin)\b"
    ),
    _compiled(
        r"\b(?:unknown|unclear|unspecified|undisclosed|unstated|unanswerable|undetermined|indeterminate|"
        r"unmentioned|insufficient|"
        r"(?:is|remains?|stays) silent|silent (?:on|about)|leaves?\b.{0,40}\bopen|left open|missing|(?:lacks?|"
        r"omits?|withholds?)\b.{0,30}\b(?:information|mention|figure|detail|date|answer|data|this)\w*|"
        r"impossible to (?:say|tell|know|determine|answer)|no idea|(?:don't|do not|dont) know|not sure|unable to "
        r"(?:\w+ )?(?:say|tell|answer|determine|find)|"
        r"fails? to (?:mention|say|state|specify|provide)|not applicable|beyond the (?:passage|text)|absent from|"
        r"unbekannt|unklar|ungenannt|ungewiss|unbeantwortet|unbeantwortbar|fehl(?:t|en)\b|schweigt|schweigen|"
        r"(?:lässt|bleibt|ist|offen)\b.{0,40}\boffen(?: gelassen)?|offengelassen|keine ahnung|keinen schimmer|"
        r"weiß (?:ich )?(?:es |das )?(?:leider )?nicht|entzieht sich|überfragt|vergebens|vergeblich|kein wort|"
        r"not a (?:single )?word|no word (?:on|about|of)|keeps? (?:quiet|silent|mum)|stays? (?:quiet|mum)|"
        r"one can only "
        r"guess|(?:only|can only) be guessed|anyone's guess|(?:need|require)s? (?:more|further|additional) "
        r"(?:information|context|details?|data)|more (?:information|context|details?|data) (?:is|are|would be) "
        r"(?:needed|required|necessary)|(?:(?:man|ich) (?:müsste|bräuchte|benötige|brauche)|(?:müsste|"
        r"bräuchte) (?:man|ich))\b.{0,25}\b(?:mehr|weitere|"
        r"zusätzliche)|(?:es bräuchte|dafür braucht es|dazu bräuchte man)\b|no (?:mention|trace|sign|hint) of|in vain|"
        r"(?:weitere|mehr) (?:angaben|informationen) (?:wären |sind )?(?:nötig|erforderlich|notwendig)|"
        r"reine spekulation|"
        r"pure speculation|not (?:covered|addressed|discussed) (?:in|by|here)|geht daraus nicht)\b|\bn/a\b|"
        r"\bn\.\s?a\.|\bk\.\s?a\.?|"
        r"\bo\.\s?a\."
    ),
)
_BY_TEXT = _compiled(rf"{_NOT}.{{0,70}}?{_TOLD_BY_TEXT}|{_TOLD_BY_TEXT}.{{0,70}}?{_NOT}")
_NAMED_TEXT = _compiled(_SUBJECT)
_FRAGMENT = _compiled(
    r"^\W*(?:not (?:given|available|provided|included|listed|found|known|clear|there|present|applicable|covered|in "
    r"(?:the )?\w+|possible to \w+)|no(?:ne)? (?:given|available|provided|listed|found|data|details?|answer)|none|"
    r"null|"
    r"nicht (?:bekannt|vorhanden|enthalten|gefunden|verfügbar|klar|im \w+)|nichts (?:gefunden|bekannt)|keine?(?: "
    r"\w+)? (?:bekannt|vorhanden|gefunden|enthalten|verfügbar)|keine daten|"
    r"steht nicht (?:da|drin|im \w+)|doesn't say|isn't (?:there|listed|given))\b(?:\s(?:here|there|hier|in|im|by|"
    r"from|the|der|dem|dort|\w+)){0,5}\W*$"
)
_ABOUT = _compiled(
    r"^\W*(?:but |and |aber |und )?(?:the |this |der |die |das |dieser |dieses |our )?(?:given |provided |"
    rf"gegebene |vorliegende )?{_TEXT}\b(?!['’]s|:)"
    r"|^\W*(?:i|we)(?:'ve|'m| have| am| only| can only| read| see| checked| looked)?\b|^\W*(?:ich|wir) (?:habe|"
    r"haben|erfahren|lese|sehe|finde|kann|können|wissen)\b"
    r"|^\W*(?:genannt|erwähnt|beschrieben|angegeben|bekannt|aufgeführt|festgehalten|geschildert|mentioned|"
    r"given|stated|"
    r"listed|known|described|named) (?:werden|wird|wurden?|sind|ist|are|is|was|were)\b|"
    r"^\W*(?:only|nur|lediglich)\b.*\b(?:mentioned|given|stated|genannt|erwähnt|angegeben)\b"
    r"|\b(?:is|are|was|were|ist|sind|wird|werden|wurden?)\s(?:known|given|stated|mentioned|listed|named|"
    r"provided|described|"
    r"bekannt|genannt|erwähnt|angegeben|beschrieben|aufgeführt)\W*$"
    rf"|^\W*(?:müssten?|sollten?|dürften?|hätten?|würden?|would|should)\s(?:the|der|die|das|dieser|"
    rf"this)\s(?:\w+\s)?{_TEXT}"
    r"|^\W*(?:it|es|there|hier|dort) (?:is|are|wird|werden|ist|sind) (?:only |just |merely |nur |lediglich |"
    r"bloß )(?:said|stated|"
    r"mentioned|given|gesagt|erwähnt|genannt|angegeben|erklärt)\b"
    r"|^\W*(?:gefragt|asked|the question|die frage)\b|\bis wanted\b"
)
_OF_TEXT = _compiled(
    r"^\W*(?:instead,? |rather,? |stattdessen )?(?:it|they|er|es|sie)\s(?:only |just |merely |nur |"
    r"lediglich )?(?:gives?|mentions?|states?|says?|tells?|"
    r"lists?|describes?|covers?|contains?|provides?|names?|speaks?|talks?|discusses|reports?|informs?|nennt|"
    r"nennen|erwähnt|"
    r"beschreibt|enthält|liefert|spricht|berichtet|informiert|behandelt|erzählt|sagt|gibt)\b"
)
"""Speaks of the passage, where the sentence before does."""
_ELLIPTIC = _compiled(
    r"^\W*(?:but |and |aber |und |jedoch |doch )?(?:not )?(?:the|his|her|its|their|der|die|das|den|dessen|"
    r"deren|sein\w*|ihr\w*)\s(?:[^\W\d_]+\s){1,5}"
    r"(?:jedoch |aber |however |though |allerdings |hingegen |dagegen |leider )?(?:nicht|not|isn't|is not|"
    r"are not|aren't|does not|"
    r"doesn't|fehlt|fehlen)\W*$|"
    r"^\W*(?:but |aber |und |and )?(?:not|nicht)\s(?:aber\s|jedoch\s|however\s)?(?:the|der|die|das|den|"
    r"dessen|deren|its|his|her)\s"
)
"""Says of one thing that it is not told, where the clause before says what is: `…, the name not`."""
_SIDE = _compiled(
    r"^\W*(?:who|what|when|where|which|how|why|whether|if|that|whose|wer|was|wann|wo|welche\w*|wie|warum|ob|dass|"
    r"wessen|wem|wen|woher|wohin|aus welche\w*|wobei|which means)\b"
    r"|^\W*(?:in order )?to (?:answer|tell|say|know|determine)\b|^\W*um\b.*\bzu (?:beantworten|sagen|wissen|"
    r"bestimmen)\b"
    r"|\b(?:typically|usually|often|generally|normally|commonly|probably|presumably|likely|perhaps|maybe|might|may|"
    r"could|i (?:would )?(?:guess|assume)|tend to|"
    r"vermutlich|wahrscheinlich|häufig|meist(?:ens)?|üblicherweise|normalerweise|in der regel|gewöhnlich|oft|"
    r"vielleicht|womöglich|möglicherweise|könnte[n]?|dürfte[n]?|schätzungsweise|üblich)\b"
    r"|^\W*(?:sorry|unfortunately|i'm afraid|i am afraid|regrettably|apologies|leider|bedaure\w*|es tut mir leid|"
    r"tut mir leid|verzeihung|entschuldig\w*(?: sie)?|verzeih\w*(?: sie)?|pardon|excuse me|forgive me|"
    r"(?:my )?apologies|i(?: do)? apologi[sz]e|i regret|ich bedaure|bedauerlicherweise|alas|hm+|well|so|"
    r"therefore|daher|however|but|aber|"
    r"based on the \w+|according to the \w+|laut (?:dem )?\w+|please|bitte|you (?:would|may|should)|sie (?:müssten|"
    r"sollten)|as an ai)\b\W*$"
    r"|^\W*(?:please|bitte|you (?:would|may|should|can)|sie (?:müssten|sollten|können)|wenden sie)\b|\?\W*$"
)
_GUESS = _compiled(
    r"\b(?:vermutlich|wahrscheinlich|vielleicht|womöglich|möglicherweise|wohl|schätzungsweise|üblicherweise|"
    r"normalerweise|probably|presumably|perhaps|maybe|likely|usually|typically|i'd guess|my guess)\b"
)
_ONLY, _NOT_THAT = (
    _compiled(r"\b(?:only|just|nur|lediglich|bloß)\b"),
    _compiled(
        r"^\W*(?:but |aber |und |and "
        r")?(?:not|nicht)\b"
    ),
)
_BARE_NO = _compiled(r"^\W*(?:leider |unfortunately |sadly )?(?:no|nope|nein)\W*$")
_NOT_BUT = _compiled(
    r"^\W*(?:but |aber |und |jedoch |however |and )?(?:is |are |does |ist |sind )?(?:nicht|not)(?: aber| "
    r"jedoch| however)?\W*$"
)
_BUT = _compiled(
    r"^\W*(?:but|however|yet|still|though|aber|doch|jedoch|allerdings|hingegen|dafür|nur)\b"
)
_LABEL_LINE = _compiled(
    r"^\W*(?:(?:final|my|the) )?(?:answer|antwort|endgültige antwort|final "
    r"answer)\W*[:=]\s*(.+)$"
)


_NO_FIRST = _compiled(
    rf"^\W*(?:no|nein)\b\W+(?=(?:(?:the|this|der|die|das|dieser) (?:\w+ )?{_TEXT}|it|"
    rf"es)\b(?:\s\w+){{0,2}}\s?{_NOT}[^,.\n]{{0,30}}?{_TOLD}"
    r"(?:\s(?:it|this|that|so|anything|etwas|das|dies))?(?:\W*$|,?\s(?:whether|if|ob)\b)"
    rf"|(?:(?:the|this|der|die|das|dieser) (?:\w+ )?{_TEXT})\s(?:sagt|nennt|verrät|erwähnt)\s(?:es |das |"
    rf"dazu |dies |darüber )?(?:nicht|nichts)"
    r"(?:\s(?:dazu|darüber|davon|aus))?(?:\W*$|,?\s(?:ob)\b))"
)
"""A `No` that is no answer: what follows says without an object that the passage does not tell."""
_NOT_HOWEVER = _compiled(r"\b(not|nicht)\s(?:aber|jedoch|however)\s(?=\w)")


def is_refusal(text: str, question: str = "") -> bool:
    """Tell whether an answer says, in any usual wording, that it can't be told; one that says nothing does, too."""
    said = stated_text(text)
    if not re.search(r"\w", said):
        return True
    label = _LABEL_LINE.match(said.rpartition("\n")[2])
    if label is not None:
        return _first(clauses(label[1])) is Kind.REFUSES
    said = _NOT_HOWEVER.sub(r"\1 ", _NO_FIRST.sub("", said))
    found = clauses(said)
    first = _first(found)
    if first is Kind.ANSWERS:
        if _refuses_what_is_asked(found, question):
            return True
        return any(
            _STRONG.search(c.text) and not _BUT.match(c.text) for c in found[1:]
        ) and not _answers_first(found)
    if first is None:
        return Kind.ABOUT in _kinds(found) and _ONLY.search(said) is not None
    return first is Kind.REFUSES and not _answers_after_all(found)


def is_bare_refusal(said: str) -> bool:
    """Tell whether behind a `No` an answer only says that the passage does not tell."""
    return _NO_FIRST.match(said) is not None


def stated_text(text: str) -> str:
    """Return what an answer says, without thoughts, dress, and the object it may be wrapped in."""
    text = split_thoughts(text).answer
    found = [o for o in objects(text) if o]
    values = [v for o in found[-1:] for v in o.values() if isinstance(v, str | int | float)]
    if len(values) == 1 and text.strip().startswith(("{", "```")):
        text = str(values[0])
    return plain(text)


def kind_of(clause: Clause, sentence: str, following: str) -> Kind:
    """Say what a clause does, in its sentence and before the next clause."""
    words = clause.text
    if _BARE_NO.match(words) and refuses(following, sentence):
        return Kind.SIDE
    if refuses(words, sentence) or (_NOT_BUT.match(words) and _SIDE.search(following)):
        return Kind.REFUSES
    if _ABOUT.search(words):
        return Kind.ABOUT
    return Kind.SIDE if _SIDE.search(words) or not re.search(r"\w", words) else Kind.ANSWERS


def refuses(words: str, sentence: str = "") -> bool:
    """Tell whether a clause says that something is not told."""
    if any(pattern.search(words) for pattern in _REFUSING) or _FRAGMENT.match(words):
        return True
    return bool(_BY_TEXT.search(words) and _NAMED_TEXT.search(sentence or words))


def _kinds(found: list[Clause]) -> list[Kind]:
    """Return what clauses do; what follows `The passage mentions` in its sentence is still about the passage."""
    kinds: list[Kind] = []
    for i, clause in enumerate(found):
        sentence = " ".join(c.text for c in found if c.sentence == clause.sentence)
        following = found[i + 1].text if i + 1 < len(found) else ""
        kind = kind_of(clause, sentence, following)
        same = i > 0 and found[i - 1].sentence == clause.sentence
        if (
            kind is Kind.ANSWERS
            and same
            and kinds[-1] is Kind.ABOUT
            and not _BUT.match(clause.text)
        ):
            kind = Kind.ABOUT
        if (
            kind is not Kind.REFUSES
            and same
            and Kind.ABOUT in kinds[-1:]
            and _ONLY.search(sentence)
            and _NOT_THAT.match(clause.text)
        ):
            kind = Kind.REFUSES
        kinds.append(_after(kind, kinds[-1:], clause.text, is_same=same))
    return kinds


def _after(kind: Kind, before: list[Kind], words: str, *, is_same: bool) -> Kind:
    """Return what a clause does behind one that is about the passage."""
    if (
        kind is Kind.ANSWERS
        and before
        and before[0] in (Kind.ABOUT, Kind.REFUSES)
        and _OF_TEXT.match(words)
    ):
        return Kind.ABOUT
    if kind is not Kind.REFUSES and is_same and before == [Kind.ABOUT]:
        return Kind.REFUSES if _ELLIPTIC.match(words) or _NOT_BUT.match(words) else kind
    return kind


def _first(found: list[Clause]) -> Kind | None:
    kinds = [k for k in _kinds(found) if k in (Kind.REFUSES, Kind.ANSWERS)]
    return kinds[0] if kinds else None


def _answers_first(found: list[Clause]) -> bool:
    """Tell whether the answer stands in a sentence of its own before the remark."""
    first = found[0]
    own = [c for c in found if c.sentence == first.sentence]
    return _kinds(own)[0] is Kind.ANSWERS and not any(_STRONG.search(c.text) for c in own)


def _refuses_what_is_asked(found: list[Clause], question: str) -> bool:
    """Tell whether what is not told is what was asked: `It was painted in 2016, but its age is not given.`"""
    if not question:
        return False
    asked = set(asked_words(question))
    told = refused = 0
    for clause, kind in zip(found, _kinds(found), strict=True):
        shared = len(asked & set(asked_words(clause.text)))
        if kind is Kind.REFUSES:
            names_it = any(a.search(question) and n.search(clause.text) for a, n in _ASPECTS)
            refused = max(refused, shared + 2 * names_it)
        elif kind is Kind.ANSWERS:
            told = max(told, shared)
    return refused > told


_ASPECTS = tuple(
    (_compiled(asked), _compiled(rf"\b(?:{nouns})\b"))
    for asked, nouns in (
        (r"how old|wie alt", r"age|old|alter\w*|alt"),
        (r"how long|wie lange?", r"long|length|duration|lange?|länge|dauer"),
        (r"how (?:much|expensive)|cost|price|wie teuer|kostet|kosten|preis",
         r"price|cost\w*|fee|amount|preis\w*|kosten|gebühr|betrag"),
        (r"how many|wie viele", r"number|count|figure|how many|anzahl|zahl|wie viele|\w+zahl"),
        (r"^when|wann|date", r"when|date|time|day|year|wann|datum|zeitpunkt|uhrzeit|termin|jahr|tag"),
        (r"^who|\bwer\b|\bwem\b|name", r"who|name|person|wer|namen?"),
        (r"^where|\bwo\b|woher|wohin", r"where|place|location|wo|ort|woher|wohin"),
        (r"^why|warum|weshalb|wieso", r"why|reason|cause|warum|grund|ursache"),
        (r"how (?:high|tall|deep|wide|far|big|large|heavy|fast)|wie (?:hoch|groß|tief|breit|weit|schwer|schnell)",
         r"height|depth|width|distance|size|weight|speed|höhe|größe|tiefe|breite|entfernung|gewicht|"
         r"geschwindigkeit|\w+tiefe"),
        (r"colou?r|farbe", r"colou?r|farbe"),
    )
)  # fmt: skip
"""What a question asks for, and the nouns for it."""


def _answers_after_all(found: list[Clause]) -> bool:
    """Tell whether `but` leads from what is not told to what is."""
    kinds = _kinds(found)
    refused = kinds.index(Kind.REFUSES)
    return any(
        kind is Kind.ANSWERS
        and _BUT.match(clause.text)
        and len(clause.text.split()) > 2
        and not (before.sentence == clause.sentence and _GUESS.search(before.text))
        for before, clause, kind in zip(
            found[refused:], found[refused + 1 :], kinds[refused + 1 :], strict=False
        )
    )
