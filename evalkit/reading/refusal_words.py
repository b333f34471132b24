"""How an answer says that something is not told, and what of its clauses speak of the passage or are asides."""

from __future__ import annotations

from evalkit.reading.lazy_regex import caseless

_TEXT = (
    r"(?:passage|text|document|article|excerpt|context|paragraph|source|material|snippet|section|report|"
    r"email|"
    r"letter|contract|notice|"
    r"abschnitt|textes|dokument\w*|artikel\w*|auszug|ausschnitt|absatz|passus|quelle|vorlage|unterlagen|"
    r"bericht\w*|"
    r"vertrag\w*|schreiben)"
)
_NOT = (
    r"(?:\b(?:not|never|nowhere|no|nothing|none|nobody|no one|neither|nor|cannot|without|hardly)\b|n't\b|"
    r"\b(?:dont|doesnt|isnt|"
    r"cant|wont|didnt|wasnt|arent)\b|"
    r"\b(?:nicht|nichts|nirgend\w*|kein(?:e[nmrs]?|erlei)?|weder|ohne|nie|niemand\w*)\b)"
)
_TOLD = (
    r"\b(?:stat(?:e[sd]?|ing)|mention\w*|specif\w*|sa(?:y|ys|id)|t(?:ell|ells|old)|indicat\w*|disclos\w*|"
    r"reveal\w*|"
    r"describ\w*|discuss\w*|"
    r"detail\w*|clarif\w*|explain\w*|address\w*|touch(?:es)? (?:up)?on|refer\w*|specified|determin\w*|"
    r"infer\w*|"
    r"deduc(?:e[ds]?|ing)|conclud\w*|"
    r"ascertain\w*|answer\w*|information|indication|info|clue|evidence|"
    r"angegeben|angibt|genannt\w*|nenn\w*|benannt|erwähn\w*|gesagt|sagt|hervor\w*|entnehm\w*|entnommen|"
    r"ersichtlich|"
    r"beantwort\w*|"
    r"angaben?|information\w*|aussagen?|auskunft|auskünfte|hinweise?|bestimm\w*|ermittel\w*|beschrieben|"
    r"aufgeführt|"
    r"aufgelistet|vermerkt|"
    r"festgehalten|spezifiziert|thematisiert|beziffert|ableiten|abgeleitet|erschließen|herauslesen|verrät|"
    r"verraten|"
    r"erläutert|ausgesagt|"
    r"äußer\w*|ables\w*|abgelesen|beurteil\w*|einschätz\w*|schließen|festzustellen|feststell\w*|klären|"
    r"nachvollziehen|herausfinden|"
    r"aufschluss|"
    r"judge|assess|identif\w*|work out|figure out|find out|make out|establish|verif\w*|confirm\w*|"
    r"ausgewiesen|aufgeschlüsselt|erklärt|begründe\w*|eingegangen|zu entnehmen|herleiten|mitgeteilt|"
    r"dokumentiert|behandelt|"
    r"preis(?:ge)?geben|erfahren|"
    r"erfährt|"
    r"erfahre|erkennbar|erkennen|rede|antwort)\b"
)
_TOLD_BY_TEXT = (
    r"\b(?:giv\w+|gave|provid\w*|includ\w*|contain\w*|list\w*|offer\w*|cover\w*|show\w*|name[sd]?|report\w*|"
    r"note[sd]?|record\w*|suppl\w*|find|found|appear\w*|"
    r"known?|clear|evident|apparent|available|possible|present|enough|sufficient|speak\w*|talk\w*|word|"
    r"figure|"
    r"details?|data|date|"
    r"steht|stehen|enthalten|enthält|find\w*|gefunden|bekannt|klar|vorhanden|vor|möglich|verfügbar|erfass\w*|"
    r"ausreich\w*|reich\w*|liefert|macht|bietet|geht|"
    r"spricht|sprechen|gefund\w*|zu|enthielt|liegen|liegt|nachzulesen|wort|detail\w*|daten|wert|sage\w*|"
    r"zitier\w*)\b"
)
_SUBJECT = (
    rf"\b(?:{_TEXT}|it|this|that|there|question|answer|i|we|one|you|anything|passages?|es|das|dies\w*|dazu|"
    r"darüber|hierzu|hierüber|darin|davon|man|ich|wir|frage|im|laut|anhand)\b"
)
STRONG = caseless(
    rf"(?:question|frage)\b.{{0,40}}(?:{_NOT}.{{0,30}}(?:answer\w*|beantwort\w*)|unanswerable|offen|open)|"
    rf"(?:\bi|\bwe|\bich|\bman|\bwir)\b.{{0,25}}{_NOT}.{{0,40}}\b(?:answer|say|tell|know|determine|"
    rf"beantwort\w*|nennen|beziffern|name it|give (?:it|one|you)|"
    r"sagen|wissen|weiß|bestimmen)\b|"
    rf"{_NOT}.{{0,25}}\b(?:answer|tell|determine|beantwort\w*)\b.{{0,30}}\b(?:question|frage|this|that|"
    rf"from|based|"
    r"aus|anhand|mit)\b|"
    r"kann (?:ich )?(?:\w+ ){0,5}nicht (?:beantwort\w*|sagen)|weiß (?:ich )?(?:\w+ )?nicht|lässt sich (?:\w+ "
    r"){0,5}nicht (?:\w+ ){0,3}(?:beantwort\w*|sagen|entnehmen|bestimmen)"
)
REFUSING = (
    caseless(rf"{_NOT}.{{0,90}}?{_TOLD}|{_TOLD}.{{0,60}}?{_NOT}"),
    caseless(
        rf"{_NOT}(?:\s\w+)?\s(?:given|listed|known|named|reported|recorded|spelled out|angegeben|gegeben|"
        rf"benannt|"
        r"gelistet)\b|"
        r"^\W*(?:there (?:is|are|was|were) )?no\s(?:\w+\s){1,8}(?:is|are|was|were|has been|have "
        r"been)\s(?:\w+\s)?"
        r"(?:given|provided|listed|shown|supplied|named|included|reported|recorded|found|available|known)\b|"
        r"\b(?:steht|stehen|findet sich|gibt es) (?:\w+ ){0,3}nichts\b|\bnichts (?:da|drin|dabei)\b|"
        r"\bnothing (?:at all )?in (?:there|here|the|this)\b|(?:lässt|"
        r"lassen) sich (?:\w+ ){0,3}nicht (?:\w+ ){0,2}(?:sagen|"
        r"klären|beantworten|feststellen|ermitteln|bestimmen|ableiten|erkennen|entnehmen|schließen)\b|"
        rf"^\W*(?:that|this|it|the \w+)(?:'s| is| was) not (?:in|part of|contained in) (?:the|this|that|your|"
        rf"my) (?:\w+ )?{_TEXT}\b|"
        rf"{_NOT}\s(?:\w+\s)?(?:among|part of|one of|unter|teil|darunter|dabei)\b|"
        r"\b(?:date|name|number|price|amount|time|cost|figure|value|weight|size|age|colou?r|address|reason|"
        r"location|duration|length|year|"
        r"details?|title|rate|fee|information|place|height|speed|kind|"
        rf"type)\b.{{0,40}}{_NOT}(?:\s\w+)?\s(?:provided|included|available|there|shown|contained)\b|"
        r"\bnothing (?:\w+ )?(?:about|on|regarding|concerning)\b|\bnichts (?:\w+ )?(?:bekannt|über|zu|davon|dazu|"
        r"darüber)\b|"
        rf"{_NOT}\s(?:aber\s|however\s|jedoch\s)?(?:who|what|when|where|which|how|why|whose|wer|"
        rf"(?<!nobody )(?<!no one )(?<!nothing )(?<!none )(?<!never )was|wann|wo|"
        r"welche\w*|wie|warum|wessen|wem|wen|woher|wohin)\b"
    ),
    caseless(
        r"\b(?:unknown|unclear|unspecified|undisclosed|unstated|unanswerable|undetermined|indeterminate|"
        r"unmentioned|insufficient|"
        r"(?:is|remains?|stays) silent|silent (?:on|about)|leaves?\b.{0,40}\bopen|left open|missing|(?:lacks?|"
        r""
        r""
        r"omits?|withholds?)\b.{0,30}\b(?:information|mention|figure|detail|date|answer|data|this)\w*|"
        r"impossible to (?:say|tell|know|determine|answer)|no idea|(?:don't|do not|dont) know|not sure|"
        r"unable to "
        r"(?:\w+ )?(?:say|tell|answer|determine|find)|"
        r"fails? to (?:mention|say|state|specify|provide)|not applicable|beyond the (?:passage|text)|"
        r"absent from|"
        r"unbekannt|unklar|ungenannt|ungewiss|unbeantwortet|unbeantwortbar|fehl(?:t|en)\b|schweigt|schweigen|"
        r"(?:lässt|lassen|bleibt|bleiben|ist|offen)\b.{0,40}\boffen(?: gelassen)?|offengelassen|"
        r"keine ahnung|keinen schimmer|"
        r""
        r"weiß (?:ich )?(?:es |das )?(?:leider )?nicht|entzieht sich|überfragt|vergebens|vergeblich|kein wort|"
        r""
        r""
        r"unerwähnt|ungesagt|name fällt nicht|ungeklärt|im dunkeln|nachschlagen|elsewhere|anderswo|"
        r"(?:has|have|with|gives?|provides?|contains?|there(?:'s| is| are)) no (?:\w+ )?(?:figures?|numbers?|"
        r"data|details?|facts?|"
        r"information|indication|statement|answer)|no (?:figures?|numbers?|data|details?|facts?|"
        r"information) (?:on|about|for|"
        r"regarding)|(?:nobody|no one) (?:knows|can know)|"
        r"(?:would|could|can) (?:only |just )?be (?:pure |mere )?(?:speculation|guesswork|guessing|a guess)|"
        r"(?:müsste|kann|könnte|müssten|könnten) (?:ich|man|wir) (?:nur |bloß )?(?:raten|spekulieren|schätzen|"
        r""
        r""
        r"mutmaßen)|"
        r"(?:ich|man) (?:müsste|kann|könnte) (?:hier |da |nur |bloß )*(?:raten|spekulieren|mutmaßen)|"
        r"(?:i|one|we) (?:could|can|would|'d)(?: only| just| have to)* (?:guess|speculate)|"
        r"unmöglich zu (?:sagen|beantworten|bestimmen)|nicht zu (?:sagen|beantworten|bestimmen|entnehmen|"
        r"klären)|"
        r"gibt \w*\s?(?:\w+ ){0,4}nicht her|(?:you|one|we|sie|man|du)(?:'d| would| will| should|'ll| müssten?|"
        r""
        r""
        r" sollten?| müsstest)(?: have to| need to)?(?: \w+){0,3} (?:check|"
        r"ask|contact|consult|look (?:it|that|this) up|nachfragen|nachsehen|fragen|erkundigen)|"
        r"not a (?:single )?word|no word (?:on|about|of)|keeps? (?:quiet|"
        r"silent|mum)|stays? (?:quiet|mum)|"
        r"one can only "
        r"guess|(?:only|can only) be guessed|anyone's guess|(?:need|require)s? (?:more|further|additional) "
        r"(?:information|context|details?|data)|more (?:information|context|details?|data) (?:is|are|"
        r"would be) "
        r"(?:needed|required|necessary)|(?:(?:man|ich) (?:müsste|bräuchte|benötige|brauche)|(?:müsste|"
        r"bräuchte) (?:man|ich))\b.{0,25}\b(?:mehr|weitere|"
        r"zusätzliche)|(?:es bräuchte|dafür braucht es|dazu bräuchte man)\b|no (?:mention|trace|sign|hint) of|"
        r""
        r"in vain|"
        r"(?:weitere|mehr) (?:angaben|informationen) (?:wären |sind )?(?:nötig|erforderlich|notwendig)|"
        r"reine spekulation|"
        r"pure speculation|not (?:covered|addressed|discussed) (?:in|by|here)|geht daraus nicht)\b|\bn/a\b|"
        r"\bn\.\s?a\.|\bk\.\s?a\.?|"
        r"\bo\.\s?a\."
    ),
)
_PASSAGE = r"(?:passage|text|excerpt|snippet|abschnitt|textes|auszug|textausschnitt|textabschnitt|textpassage)"
_ADJECTIVE = (
    r"(?:(?:given |provided |above |short |present |vorliegende[nrs]? |gegebene[nrs]? |kurze[nrs]? |"
    r"obige[nrs]? ))?"
)
OF_TEXT_AT_ALL = caseless(
    rf"\b{_TEXT}\b|\b(?:say|says|said|mention\w*|state[sd]?|told|gesagt|erwähnt|genannt|angegeben)\b"
)
OF_PASSAGE = (
    caseless(
        r"\b(?:ist|sind|bleib(?:t|en)|war|waren)\s(?:\w+\s)?nicht bekannt\b|\bno (?:\w+ )?(?:description|"
        r"explanation|reference|account|record|"
        r"hint|clue|details?) (?:\w+ )?(?:of|about|on|to|for|regarding|as to)\b|\bbeyond what\b"
    ),
    caseless(
        rf"\b\w+t\s(?:der|die|das|dieser|dieses)\s{_ADJECTIVE}{_PASSAGE}\b[^,.]*\b(?:nicht|nichts|keine?[nmrs]?|nirgends|offen)\b|"
        r"\b(?:how|who|what|when|why|where|which|whether)\b.*\b(?:remains?|is|stays)\s(?:left )?(?:open|unclear|"
        r"unknown|unsaid)\b|"
        rf"\b(?:we|one|you|the reader)\b.{{0,20}}{_NOT}.{{0,20}}\b(?:learn|find out)\b"
    ),
    caseless(
        rf"^\W*(?:but |and |aber |und |sadly |unfortunately |leider )?(?:the|this|der|die|das|dieser|dieses|im|"
        rf"in dem|in der|in the|"
        rf"in this) {_ADJECTIVE}{_PASSAGE}\s"
        rf"(?:itself\s|selbst\s)?(?:does not|do not|doesn't|did not|didn't|never|nowhere|stops short|"
        rf"leaves\b.*\b(?:out|open|unsaid|"
        rf"unanswered)|skips|omits|lacks|passes over|falls short|has nothing|(?:\w+\s){{1,8}}?(?:nicht|nichts|"
        rf"keine?[nmrs]?|"
        rf"nirgends|offen|aus)\b)"
    ),
    caseless(
        rf"\b(?:i|we|one|ich|wir|man)\b[^.]{{0,20}}{_NOT}[^.]{{0,60}}\b(?:in|from|within|aus|im|anhand|"
        rf"auf)\s(?:the |this |that |your |dem |der "
        rf"|diesem |dieser |des )?{_ADJECTIVE}{_PASSAGE}\b"
    ),
    caseless(
        r"\b(?:müssten?|müsste|bräuchten?|sollten?)\s(?:man|ich|wir|sie)\b[^.]*\b(?:kennen|wissen|haben|sehen|einsehen|lesen|heranziehen)\b|"
        r"\b(?:one|you|we|i)(?: would|'d) (?:have|need) to (?:see|know|read|consult|have|look at)\b"
    ),
)
"""Says without one of the verbs of telling that the passage does not tell."""
LACKS_A_THING = caseless(
    rf"\b(?:dem|den|ihm|ihr|ihnen)\s(?:(?!{_TEXT})[^\W\d_]+\s)?fehl(?:t|en|te|ten)\b|\bder\s(?!{_TEXT})\w+\sfehlt?en\b|"
    r"^\W*fehl(?:t|en)\s(?:die|der|das|eine?)\s\w+|\b(?:if|when|wenn|falls|sofern|bei)\b.*\b(?:missing|lacking|fehl\w+)\b|"
    r"\bmissing (?=(?:the|an?|its|their|his|her|some|two|three|\d)\b)"
)
"""Tells of somebody who lacks something, not of what is not told."""
BY_TEXT = caseless(rf"{_NOT}.{{0,70}}?{_TOLD_BY_TEXT}|{_TOLD_BY_TEXT}.{{0,70}}?{_NOT}")
NAMED_TEXT = caseless(_SUBJECT)
FRAGMENT = caseless(
    r"^\W*(?:not (?:given|available|provided|included|listed|found|known|clear|there|present|applicable|"
    r"covered|in "
    r"(?:the )?\w+|possible to \w+)|no(?:ne)? (?:given|available|provided|listed|found|data|details?|"
    r"answer)|none|"
    r"null|"
    r"nicht (?:bekannt|vorhanden|enthalten|gefunden|verfügbar|klar|im \w+)|nichts (?:gefunden|bekannt)|"
    r"keine?(?: "
    r"\w+)? (?:bekannt|vorhanden|gefunden|enthalten|verfügbar)|keine daten|"
    r"steht nicht (?:da|drin|im \w+)|doesn't say|isn't (?:there|listed|given))\b(?:\s(?:here|there|hier|"
    r"in|im|by|"
    r"from|the|der|dem|dort|\w+)){0,5}\W*$"
)
ABOUT = caseless(
    r"\b(?:allgemeinwissen|allgemeine\w* wissen|erfahrungswert\w*|general knowledge|common knowledge)\b|"
    r"^\W*(?:you(?:'re| are| were)? (?:asked|asking|want(?:ed)? to know)|let(?:'s| us| me) (?:look|check|see|"
    r"read|go through|"
    r"have a look)|(?:sie|du) (?:fragen|fragst|fragten|wollen wissen|wollten wissen|möchten wissen|willst wissen)|"
    r"(?:schauen|sehen) wir|gefragt (?:ist|wird|war))\b|"
    rf"\b{_PASSAGE}\b.*\b(?:only|nur|lediglich|bloß)\b|\b(?:only|nur|lediglich|bloß)\b.*\b(?:die rede|covers?)\b|"
    r"\b(?:information|details?|angaben)\b.*\b(?:covers? only|only covers?|is limited to|beschränk\w+)\b|"
    r"^\W*(?:but |and |aber |und )?(?:the |this |der |die |das |dieser |dieses |our )?(?:given |provided |"
    rf"gegebene |vorliegende )?{_TEXT}\b(?!['’]s|:)"
    r"|^\W*(?:i|we)(?:'ve|'m| have| am| only| can only| read| see| checked| looked)?\b|^\W*(?:ich|"
    r"wir) (?:habe|"
    r"haben|erfahren|lese|sehe|finde|kann|können|wissen)\b"
    r"|^\W*(?:genannt|erwähnt|beschrieben|angegeben|bekannt|aufgeführt|festgehalten|geschildert|mentioned|"
    r"given|stated|"
    r"listed|known|described|named) (?:werden|wird|wurden?|sind|ist|are|is|was|were)\b|"
    r"^\W*(?:only|nur|lediglich)\b.*\b(?:mentioned|given|stated|genannt|erwähnt|angegeben)\b"
    r"|\b(?:is|are|was|were|ist|sind|wird|werden|wurden?)\s(?:\w+\s){0,2}(?:known|given|stated|mentioned|listed|named|"
    r"provided|described|"
    r"bekannt|genannt|erwähnt|angegeben|beschrieben|aufgeführt)\W*$"
    rf"|^\W*(?:müssten?|sollten?|dürften?|hätten?|würden?|would|should)\s(?:the|der|die|das|dieser|"
    rf"this)\s(?:\w+\s)?{_TEXT}"
    r"|^\W*(?:it|he|she|they|the (?:author|writer)|man|es|er|sie)\s(?:(?:only|just|merely) (?:says?|states?|"
    r"mentions?|tells?|gives?|talks?|speaks?|refers?|deals?|covers|describes?|names?|lists?|"
    r"informs?)|erfährt nur|"
    r"erfährt lediglich|sagt nur|"
    r"erwähnt nur|nennt nur)\b"
    r"|^\W*(?:es|hier|dort|im text) (?:wird|werden) (?:zwar |nur |lediglich )?(?:\w+ ){1,5}(?:genannt|"
    r"erwähnt|"
    r"angegeben|gesagt|"
    r"beschrieben)\W*$"
    r"|^\W*(?:it|es|there|hier|dort) (?:is|are|wird|werden|ist|sind) (?:only |just |merely |nur |lediglich |"
    r"bloß )(?:said|stated|"
    r"mentioned|given|gesagt|erwähnt|genannt|angegeben|erklärt)\b"
    r"|^\W*(?:gefragt|asked|the question|die frage)\b|\bis wanted\b"
)
OF_TEXT = caseless(
    r"^\W*(?:instead,? |rather,? |stattdessen )?(?:it|they|er|es|sie)\s(?:only |just |merely |nur |"
    r"lediglich )?(?:gives?|mentions?|states?|says?|tells?|"
    r"lists?|describes?|covers?|contains?|provides?|names?|speaks?|talks?|discusses|reports?|informs?|nennt|"
    r"nennen|erwähnt|"
    r"beschreibt|enthält|liefert|spricht|berichtet|informiert|behandelt|erzählt|sagt|gibt)\b"
)
"""Speaks of the passage, where the sentence before does."""
SAYS = caseless(
    r"^\W*(?:it|he|she|they|es|er|sie|man)\s(?:does\s)?(?:says?|states?|mentions?|tells?|explains?|sagt|"
    r"nennt|erwähnt|"
    r"erklärt|erfährt)\b"
)
"""Speaks of the passage, where what follows says what it does not tell: `It says when, but not by whom.`"""
ELLIPTIC = caseless(
    r"^\W*(?:but |and |aber |und |jedoch |doch )?(?:not )?(?:the|his|her|its|their|der|die|das|den|dessen|"
    r"deren|sein\w*|ihr\w*)\s(?:[^\W\d_]+\s){1,5}"
    r"(?:jedoch |aber |however |though |allerdings |hingegen |dagegen |leider )?(?:nicht|not|isn't|is not|"
    r"are not|aren't|does not|"
    r"doesn't|fehlt|fehlen)\W*$|"
    r"^\W*(?:but |aber |und |and )?(?:not|nicht)\s(?:about|on|of|über|von|zu|zur|zum|by whom|von wem|how|"
    r"when|who|what|where|"
    r"why|wie|wann|wer|was|wo)\b|"
    r"^\W*(?:but |aber |und |and )?(?:not|nicht)\s(?:aber\s|jedoch\s|however\s)?(?:the|der|die|das|den|"
    r"dessen|deren|its|his|her)\s"
)
"""Says of one thing that it is not told, where the clause before says what is: `…, the name not`."""
SIDE = caseless(
    r"^\W*(?:as (?:for|to)|regarding|concerning|with regard to|when it comes to|bezüglich|hinsichtlich|in bezug auf|"
    r"was\b.*\b(?:betrifft|angeht|anbelangt))\b|"
    r"^\W*(?:who|what|when|where|which|how|why|whether|if|that|whose|wer|was|wann|wo|welche\w*|wie|warum|"
    r"ob|dass|"
    r"wessen|wem|wen|woher|wohin|aus welche\w*|wobei|which means)\b"
    r"|^\W*(?:in order )?to (?:answer|tell|say|know|determine)\b|^\W*um\b.*\bzu (?:beantworten|sagen|wissen|"
    r"bestimmen)\b"
    r"|\b(?:typically|usually|often|generally|normally|commonly|probably|presumably|likely|perhaps|maybe|"
    r"might|may|"
    r"could|i (?:would )?(?:guess|assume)|tend to|"
    r"vermutlich|wahrscheinlich|häufig|meist(?:ens)?|üblicherweise|normalerweise|in der regel|gewöhnlich|oft|"
    r"vielleicht|womöglich|möglicherweise|könnte[n]?|dürfte[n]?|schätzungsweise|üblich)\b"
    r"|^\W*(?:thank you|thanks|(?:vielen |besten |herzlichen )?dank|danke|good question|gute frage|gerne?|"
    r"sure|certainly|"
    r"guten tag|hello|hallo|dear)\b(?!.*\d)[^,]*$"
    r"|\b(?:i(?: would|'d)? (?:therefore |rather )?(?:recommend|suggest|advise)|ich (?:empfehle|rate)|"
    r"am besten|"
    r"(?:best|better) to (?:ask|check|contact))\b"
    r"|^\W*(?:sorry|unfortunately|i'm afraid|i am afraid|regrettably|apologies|leider|bedaure\w*|"
    r"es tut mir leid|"
    r"tut mir leid|verzeihung|entschuldig\w*(?: sie)?|verzeih\w*(?: sie)?|pardon|excuse me|forgive me|"
    r"(?:my )?apologies|i(?: do)? apologi[sz]e|i regret|ich bedaure|bedauerlicherweise|alas|hm+|well|so|"
    r"therefore|daher|however|but|aber|"
    r"based (?:only |solely |purely )?on (?:the|this|your) (?:\w+ )?\w+|according to the \w+|laut (?:dem )?\w+|"
    r"please|bitte|you (?:would|may|should)|"
    r"sie (?:müssten|"
    r"sollten)|as an ai)\b\W*$"
    r"|^\W*(?:please|bitte|you (?:would|may|should|can)|sie (?:müssten|sollten|können)|wenden sie)\b|\?\W*$"
)
GUESS = caseless(
    r"\b(?:vermutlich|wahrscheinlich|vielleicht|womöglich|möglicherweise|wohl|schätzungsweise|üblicherweise|"
    r"normalerweise|probably|presumably|perhaps|maybe|likely|usually|typically|i'd guess|my guess)\b"
)
ONLY, NOT_THAT = (
    caseless(r"\b(?:only|just|nur|lediglich|bloß)\b"),
    caseless(
        r"^\W*(?:but |aber |und |and "
        r")?(?:not|nicht)\b"
    ),
)
BARE_NO = caseless(r"^\W*(?:leider |unfortunately |sadly )?(?:no|nope|nein)\W*$")
NOT_BUT = caseless(
    r"^\W*(?:but |aber |und |jedoch |however |and )?(?:is |are |does |ist |sind )?(?:nicht|not)(?: aber| "
    r"jedoch| however)?\W*$"
)
BUT = caseless(
    r"^\W*(?:but|however|yet|still|though|aber|doch|jedoch|allerdings|hingegen|dafür|nur)\b"
)
LABEL_LINE = caseless(
    r"^\W*(?:(?:final|my|the) )?(?:answer|antwort|endgültige antwort|final "
    r"answer)\W*[:=]\s*(.+)$"
)


NO_FIRST = caseless(
    rf"^\W*(?:no|nein)\b\W+(?=(?:(?:the|this|der|die|das|dieser) (?:\w+ )?{_TEXT}|it|"
    rf"es)\b(?:\s\w+){{0,2}}\s?{_NOT}[^,.\n]{{0,30}}?{_TOLD}"
    r"(?:\s(?:it|this|that|so|anything|etwas|das|dies))?(?:\W*$|,?\s(?:whether|if|ob)\b)"
    rf"|(?:(?:the|this|der|die|das|dieser) (?:\w+ )?{_TEXT})\s(?:sagt|nennt|verrät|erwähnt)\s(?:es |das |"
    rf"dazu |dies |darüber )?(?:nicht|nichts)"
    r"(?:\s(?:dazu|darüber|davon|aus))?(?:\W*$|,?\s(?:ob)\b))"
)
"""A `No` that is no answer: what follows says without an object that the passage does not tell."""
_HOWEVER = r"(?:aber|jedoch|allerdings|hingegen|dagegen|leider|however|though|unfortunately)"
WITHIN = caseless(
    r"(?<=\w),\s(?:however|though|allerdings|jedoch|hingegen),\s(?=\w)|"
    rf"(?<=\w)\s{_HOWEVER}\s(?=kein|nicht|offen|un(?:klar|bekannt|gewiss|clear|known)|not\b|no\b)|(?<=\w),\s(?:however|though),\s(?=not\b|no\b)|"
    rf"(?:(?<=\bnot)|(?<=n't)),?\s{_HOWEVER},?\s(?=\w)|(?<=\bnicht)\s{_HOWEVER}\s(?=\w)"
)
"""Adverbs inside of a clause that begin none: `does not, however, say`, `nennt aber keinen Preis`."""


ASPECTS = tuple(
    (caseless(asked), caseless(rf"\b(?:{nouns})\b"))
    for asked, nouns in (
        (r"how old|wie alt", r"age|old|alter\w*|alt"),
        (r"how long|wie lange?", r"long|length|duration|lange?|länge|dauer"),
        (r"how (?:much|expensive)|cost|price|wie teuer|kostet|kosten|preis",
         r"price|cost\w*|fee|amount|preis\w*|kost(?:en|et|ete)|gebühr|betrag"),
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


NO_VERB = caseless(
    r"^\W*(?:nur|only|just|lediglich)\s(?:the|der|die|das|dass?|its|their)\s(?:\w+\s?){1,3}\W*$"
)
"""`…, only the number of guests`: says what is told, and no answer."""
