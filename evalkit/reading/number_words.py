"""What words around a number say of it: a part, a range, an earlier value, the result."""

from __future__ import annotations

from evalkit.reading.context import OTHER_YEAR, SOURCE_NOUN
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.numerals import CURRENCY, PERCENT
from evalkit.reading.words import CONCLUDING, CORRECTION, IS, NOUN, THUS

MARK = "[\ue000-\uefff]"
ANY = lazy_regex(MARK)
OPERATOR = (
    r"(?:[+*/×÷·^]|(?<=\s)[-–:x](?=\s)|(?<=\d)x(?=\d)|(?:plus|minus|times|mal|durch|divided by|geteilt "
    r"durch|(?:abzüglich)(?:\s(?:de[rsn]|the))?)\b)"
)
CHAIN = caseless(
    rf"[(]*{MARK}[)]*(?:\s[^\W\d_]{{1,14}}\.?){{0,2}}\s?(?:{OPERATOR}\s?[(]*{MARK}[)]*(?:\s(?!{IS}\b|mal\b|plus\b|"
    rf"minus\b|times\b)[^\W\d_]{{1,14}}\.?){{0,2}}\s?)+"
)
BESIDE = caseless(
    rf"\b(?:between|zwischen)\s{MARK}[^.;]{{0,20}}?\s(?:and|und)\s{MARK}|{MARK}\s?(?:-|–|—)\s?{MARK}|"
    rf"{MARK}(?:\s(?!came\b|come|went|rose|fell|amount|add|grew|total)\w+)?,?\s(?:to|bis|through|or|oder|bzw\.|"
    rf"beziehungsweise)\s(?:(?:perhaps|maybe|possibly|else|rather|vielleicht|möglicherweise|eventuell|even|"
    rf"about|etwa|rund|auch|sogar)\s)?{MARK}"
    rf"|\b(?:from|von)\s{MARK}(?:\s\w+){{0,3}}?\s(?:to|auf|bis)\s{MARK}"
    rf"|{MARK}(?:\s\w+)?,\s(?:perhaps|maybe|possibly|or|vielleicht|möglicherweise|eventuell|oder)(?:\s(?:even|"
    rf"also|auch|"
    rf"sogar|or|oder|perhaps|vielleicht))*\s{MARK}"
    rf"|{MARK}[^.;\ue000-\uefff]{{0,30}}\b(?:vs\.?|versus)\s{MARK}(?!.{{0,20}}(?:earlier|before|last|prior|previous|"
    rf"vorjahr|davor))"
)
"""Ranges, and values that are offered side by side."""
PARTS = caseless(
    r"\b(?:sum|difference|product|quotient|average|mean|gap|summe|differenz|produkt|durchschnitt|mittelwert|"
    r"unterschied)\s(?:of|between|von|zwischen|"
    rf"aus)\s(?:[^.;\ue000-\uefff]{{0,25}}{MARK}){{1,12}}?[^.;\ue000-\uefff]{{0,20}}\b(?:and|und|plus|"
    rf"minus)\s(?:\w+\s)?{MARK}"
    rf"|{MARK}(?:\s\w+)?\s(?:und|mit|durch|von)\s(?:\w+\s)?{MARK}(?:\s\w+)?\s(?:multiplizieren|addieren|"
    r"subtrahieren|dividieren|teilen|malnehmen|zusammenzählen|abziehen)"
    r"|\b(?:adding|add|addiert\w*|subtracting|multiplying|"
    rf"dividing)\s(?:[^.;\ue000-\uefff]{{0,25}}{MARK}){{1,12}}?[^.;\ue000-\uefff]{{0,20}}\b(?:and|und|plus|to|"
    rf"from|by|zu|with|mit)\s(?:\w+\s)?{MARK}"
)
BOUND = caseless(rf"(?:^|(?<!{MARK}) )(?:more|less|fewer|mehr|weniger)\s(?:than|als)\s$")
"""Directly before a number that is told as a bound, and not compared with another: `more than 300`."""
_GAP = r"[^\w\ue000-\uefff]*"
LISTED = caseless(
    rf"^{_GAP}{MARK}(?:\s\w+)?\s(in|im|on|am|at|bei|for|für|from|aus|von|laut|nach|by|zu|zum|zur|per|"
    rf"pro)\s(?![\uf8fd\uf8fe])(?:[^\W\d_]+\.?\s?){{1,3}}"
    rf"(?:,|;|and|und|\n){_GAP}(?:and |und )?{MARK}(?:\s\w+)?\s\1\s|"
    rf"^{_GAP}{MARK}(?:\s\w+)?\s?\([^()\ue000-\uefff]{{1,30}}\){_GAP}(?:and |und )?{MARK}(?:\s\w+)?\s?\(|"
    rf"^{_GAP}{MARK}(\s\w+)?(?:\s?(?:,|;|\n|and|und|&)\s?(?:and |und )?{MARK}(?:\2|\s\w+(?={_GAP}$))?)+{_GAP}$"
)
"""An answer that begins with numbers alike, none of which is more the result than another."""
ALL_OF = caseless(r"\b(?:all|alle[nr]?|over the|across the)\s$")
PERIOD = caseless(
    r"^\s(?:seconds|minutes|hours|days|weeks|months|quarters|years|sekunden|minuten|stunden|tagen?|wochen|"
    r"monaten?|"
    r"quartalen?|jahren?|kilometer|meter|miles)\b"
)
"""`all four quarters` tells what a result is of; `all 180 of them` is one."""
EARLIER = caseless(
    r"(?:\b(?:(?:up|down|risen|fallen|increased|decreased|coming)\sfrom|compared\s(?:to|with)|versus|vs\.?|than|"
    r"previously|formerly|"
    r"instead\sof|rather\sthan|including|incl\.?|of\swhich|davon|darunter|einschließlich|inklusive|inkl\.?|not|"
    r"after|before|without|excluding|out\sof|aside\sfrom|apart\sfrom|plus|less|minus|"
    r"statt|anstatt|gegenüber|nach|vor|zuvor|früher|vorher|als|nicht|verglichen\smit|(?:im\s)?vergleich\szu|"
    r"anstelle\svon|ohne|außer|von\sinsgesamt|zuzüglich|zzgl\.?|"
    r"jeweils|je|each|à|zu\sje|every|first\s(?:got|had|thought|counted)|weitere[nrs]?|another|further|"
    r"discount\sof|rabatt\svon|abzüglich|abzgl\.?)"
    r"\s(?:(?:the|of|only|just|about|around|noch|nur|etwa|rund|ca\.|den|die|der|das|einem?|a|still)\s){0,2})$"
)
COMPARED = caseless(
    r"\b(?:above|below|under|over|than|exceed\w*|über|unter|als|beyond)\s(?:\w+\s){0,3}?"
    r"(?:average|mean|median|target|limit|norm|threshold|\w*(?:durchschnitt|schnitt|mittel|ziel|grenze|soll|wert)\w*)"
    r"\s(?:of|von|at|bei)\s(?:\w+\s)?$"
)
"""Directly before what a result is measured by: `above the average of 64`."""
PART_OF = caseless(
    rf"{MARK}(?:\s\w+){{0,2}}\s(?:of|von|out\sof|aus|among|unter)\s(?:the\s|den\s|insgesamt\s|all\s|these\s)?"
    rf"(?:[^\W\d_]+\s)?$|{MARK}\s(?:der|dieser|unserer)\s$"
)
EACH_BEHIND = caseless(
    r"^(?:\s[^\W\d_]+){0,2}\s?(?:a (?:day|week|month|year|night|hour)\b|an hour\b|am tag\b|im monat\b|"
    r"im jahr\b(?!\s[\uf8fb-\uf8ff])|die "
    r"(?:stunde|woche)\b|täglich|monatlich|jährlich|wöchentlich|daily|weekly|monthly|yearly|annually|each|"
    r"apiece|a\spiece|per\b|je\b|pro\b|das\sstück|jeweils|"
    r"/\s?(?:stück|piece|unit|item|person|day|tag|month|monat)\b)"
)
EACH_BEFORE = caseless(
    r"^\W*(?:(?:and|und|in|with|mit|auf|on)\s)?(?:each|every|per|jede[nmrs]?|je|pro)\b(?!\W*(?:$|[\ue000-\uefff]))"
)
OFF_BEHIND = caseless(
    r"^(?:\s(?!and\b|und\b|plus|incl|excl|ex\b|net|without|zzgl|inkl|exkl|ohne|mit\b|before|vor\b|after|"
    r"nach\b)\w+)?\s(?:off|discount|rabatt|nachlass|steuer|umsatzsteuer|mwst|vat|tax|shipping|"
    r"versand)\b"
)
MORE_BEHIND = caseless(
    r"^(?:\s(?!and\b|und\b)\w+)?\s(?:more|less|fewer|higher|lower|mehr|weniger|höher|"
    r"niedriger|zusätzlich|above|below|kleiner|größer|tiefer)\b(?!\sals\snichts)"
)
OTHER_YEAR_BEHIND = caseless(rf"^(?:\s\w+){{0,3}}?\s?\(?{OTHER_YEAR}")
ASKS_MORE = caseless(
    r"\b(?:more|less|fewer|higher|lower|cheaper|dearer|longer|shorter|mehr|weniger|höher|niedriger|teurer|billiger|"
    r"günstiger|länger|kürzer|difference|differenz|"
    r"unterschied|change|änder\w+|veränder\w+|increase|decrease|by how|um wie ?viele?|grow|rise|fall|steig\w+|"
    r"stieg\w*|sank|sink\w*)\b"
)
ASKS_EACH = caseless(
    r"\b(?:each|per|je|pro|auf (?:ein|jed)e[nrms]?|apiece|average|durchschnitt\w*|jeweils|every|price|preis)\b"
)
ASKS_PERCENT = caseless(rf"{PERCENT}|\b(?:percentage|prozentsatz|share|anteil|rate|quote)\b")
ASKS_MONEY = caseless(
    rf"{CURRENCY}|\b(?:price|cost|costs|preis|kosten|kostet|betrag|umsatz|revenue|amount|pay|"
    r"zahlen)\b"
)
TOTAL = (
    r"\b(?:total\w*|sum|altogether|together|in all|overall|combined|result\w*|answer|equals?|"
    r"(?:makes?|making|giv(?:es?|ing)|yields?|com(?:es?|ing) to|came to|amount(?:s|ing)? to|add(?:s|ing)? up to|"
    r"works out (?:to|at|as)|leav(?:es|ing)|that is|that's|that makes|i\.e\.|which is)|"
    r"insgesamt|zusammen|gesamt\w*|summe|ergebnis|ergibt|ergeben|ergab\w*|macht|machen|beträgt|betragen|beläuft "
    r"sich|belaufen sich|"
    r"das sind|sind das|das heißt|d\.\s?h\.|entspricht|lautet|kommt auf|komme auf|kommt man auf)"
)
EXPLAINED = caseless(
    r"\b(?:(?:ergibt|ergeben|errechnet|berechnet) sich (?:\w+ )?(?:aus|als|durch)|setz\w+ sich|besteh\w+ (?:\w+ )?aus|"
    r"made up of|consist\w* of|composed of|comprises|comprising|calculated (?:as|from|by)|derived from|"
    rf"results? from|comes? from|broken down|(?<=[^.!?\n]{{3}}\s)(?:because|weil|denn)|(?<=,\s)(?:since|da)|"
    rf"since\s(?:the|it|we|there|he|she|they|each|only|all))\b"
    rf"(?:(?!{TOTAL}|\b(?:so|therefore|thus|hence|also|daher|somit|deshalb)\b|[=→])[^.;\n])*"
)
"""What a result that was told before is made of."""
_RECKON = (
    r"\b(?:add(?! up)|subtract|deduct|multiply|divide|"
    r"addier(?:en?|t|st|e)|subtrahier(?:en?|t|e)|multiplizier(?:en?|t|e)|dividier(?:en?|t|e)|rechne[nt]?|teile[nt]?|"
    r"ziehe[nt]?)\b"
)
ESTIMATED = caseless(
    rf"\b(?:estimate|guess|schätze|schätzung|schätzungsweise|vermute|tippe auf)\b[^.;\n\ue000-\uefff]{{0,40}}{MARK}?"
    rf"(?:{MARK}|$)"
)
"""An estimate is told as the answer, whatever else is not known."""
RECKONED = caseless(
    rf"{_RECKON}(?:(?!{TOTAL}|{THUS}|{IS}|[=→]|\b(?:you|we|i|wir|ich|man) (?:get|have|obtain|find)|"
    rf"erhalte\w*|erhält|to get|bekomm\w*|hat man|haben wir)[^.:;\n]){{0,80}}{MARK}"
    rf"(?:\s(?!und\b|and\b)[^\W\d_]+)?(?=\W*(?:$|[.,;:\n]|and\b|und\b))"
)
"""A step of a calculation that is told as something to do, up to its operand."""
STATING = caseless(
    rf"(?:{TOTAL}|{THUS}|\b(?:correct|right|richtig|korrekt)\w*\s{IS}|{CONCLUDING}|=|≈|→|"
    rf"\b{NOUN}\b(?:\s\w+){{0,4}}\s{IS}|\b(?:it|this|that|there|es|das|dies|number|figure|value|anzahl|zahl|wert|"
    rf"amount|betrag)(?:\s?(?:{IS}))|"
    r"\b(?:number|figure|value|total|difference|change|sum|anzahl|zahl|wert|differenz|änderung|summe|"
    rf"betrag)\b(?:\s\w+){{0,6}}\s{IS})"
)
CONCLUDED = caseless(rf"{TOTAL}|{THUS}|{CONCLUDING}|[=→]")
LABEL = caseless(
    rf"^\W*(?:\w+\s){{0,2}}?(?:{NOUN}|total|sum|summe|gesamt\w*|insgesamt|end(?:stand|betrag|summe|ergebnis|"
    rf"saldo|preis|wert)|schluss\w+|grand total|(?:final|new|remaining|neue[rs]?|verbleibende[rs]?|"
    rf"endgültige[rs]?)\s\w+|"
    rf"rest(?:betrag|bestand|menge)?|zahlbetrag|remainder|amount due|zu zahlen|to pay|"
    rf"anzahl|number|(?:auf|ab)?gerundet|rounded|zwischenergebnis)(?:\s\w+){{0,3}}\W*$"
)
IN_TOTAL = caseless(
    r"^(?:\s[^\W\d_]+){0,2}\s(?:in total|in all|altogether|all together|combined|together|all in all|"
    r"insgesamt|zusammen|gesamt|"
    r"alles in allem)\W*$"
)
EXACT = caseless(
    r"^\W*(?:(?:or|oder|and|und|genauer gesagt|more)\s)?(?:genau|exakt|exactly|precisely|"
    r"genauer)\s(?:gesagt,?\s)?[\ue000-\uefff]|"
    r"\b(?:to be (?:exact|precise)|exactly|precisely|genau genommen|um genau zu sein)\W*$"
)
"""What an approximate number before comes to."""
REST = r"[^\w\ue000-\uefff]*$"
ALONE = caseless(
    r"^\W*(?:(?:about|around|approximately|roughly|exactly|just|only|nearly|almost|some|um|rund|"
    rf"etwa|ca\.|circa|genau|nur|knapp|gut|fast|about|bei)\s)?{MARK}(?:\s?[^\W\d_]+\.?){{0,3}}{REST}"
)
THUS_ALONE = caseless(
    rf"^\W*(?:and\s|und\s)?(?:{THUS}|{TOTAL}|[=→])\W*(?:{TOTAL}\W*)?(?:(?:haben|sind|waren|blieben|have|are|were|"
    rf"is|ist|has|hat)\s)?(?:um\s|by\s|"
    rf"also\s)?{MARK}(?:\s?[^\W\d_]+\.?){{0,2}}{REST}"
)
ROUNDED = caseless(
    r"\b(?:round(?:ed|s|ing)?|(?:auf|ab)?gerundet)(?:\s(?:up|down|to|auf|also|so|that is|ist das|sind das|sind es|"
    r"gives|makes|ergibt))*[\s:,]*$"
)
DECIMALS = caseless(r"^\s?(?:decimal|dezimal|nachkomma|places?\b|stellen?\b|digits?\b|kommastelle)")
PLANNED = caseless(
    r"\b(?:planned|expected|target(?:ed)?|budgeted|forecast|geplant\w*|erwartet\w*|vorgesehen|ziel\w*|prognose)\b"
    r"[^.;,\ue000-\uefff]{0,30}$"
)
PLANNED_WORD = caseless(
    r"\b(?:plan|expect|target|budget|forecast|geplant|erwart|vorgesehen|ziel|prognos)"
)
OF_SIZE = caseless(
    rf"{MARK}\s(?P<noun>[^\W\d_]+)\s(?:of|à|zu|zu je|von|je|mit je|at|with)\s(?:je\s)?$"
)
"""`10 sessions of` before what each of them has."""
AT_EACH = caseless(rf"{MARK}(?:\s[^\W\d_]+){{1,3}}\sat\s$")
LED = caseless(rf"^\W*(?:and\s|und\s)?(?:{THUS}|{CONCLUDING}|{TOTAL})\W*$")
"""A clause that leads to the result in the next: `Therefore, 3 buses are needed.`"""
LAST_LINE = caseless(
    rf"^\W*(?:\w+\s){{0,2}}?(?:(?:final|"
    rf"endgültige[rs]?)\s)?(?:{NOUN})\b(?P<between>[^\n\ue000-\uefff]{{0,30}}?)(?P<mark>{MARK})(?P<rest>[^\n]*)$"
)
TURN = caseless(
    rf"{CORRECTION}|{CONCLUDING}|\b(?:maßgeblich|ausschlaggebend|entscheidend|verbindlich|authoritative|"
    rf"takes precedence|"
    r"binding)\b|(?:(?<=[.!?,–—-] )|\b(?:äh|ähm|uh|um|er|oh)\s)(?:no|nein|nope|nee|not quite|nicht ganz)\b(?=[,.:;])"
)
CONCLUDES = caseless(
    rf"^\W*(?:and\s|und\s)?(?:so|therefore|thus|hence|consequently|also|daher|deshalb|somit|folglich|damit|{CONCLUDING}|{TOTAL})"
    rf"|[=→]\s?$"
)
"""A clause that says what all before comes to."""
RECKONS_LAST = caseless(
    rf"^\W*(?:and\s|und\s)?{THUS}[^\n\ue000-\uefff]*{CHAIN.pattern}"
    rf"(?:[=→]|{IS}|sind|are|gives?|makes?|equals|ergibt|ergeben|macht)\s?(?P<mark>{MARK})(?!.*{MARK})"
)
"""An end that reckons the result: `So 15 * 8 is 120 pieces.`"""
CUT = caseless(
    r"(?:(?<![\d\ue000-\uefff])[+*/×-]|[,=(:$€]|\b(?:the|(?-i:a)|an|of|and|is|are|was|to|so|in|at|for|which|that|with|plus|made|has|have|makes|"
    r"equals|needs?|gets|takes|requires?|consumes?|contains?|braucht?|brauchen|benötig(?:t|en)|bekommt|"
    r"bekommen|enthält|enthalten|"
    r"verbrauch(?:t|en)|kommen|"
    r"der|die|das|und|ist|sind|war|waren|noch|hat|also|somit|daher|deshalb|folglich|therefore|thus|hence|because|weil|mit|von|zu|im|in|dann|ergibt|macht|plus|beträgt|bei|auf))\s*$"
)
CHECK = caseless(
    r"(?:^|(?<=\n)|(?<=[.!] )|(?<=\())[ \t*_#>-]*?(?:(?:quick|sanity|cross|to|let's|let us|let me|zur|kurze|"
    r"die|als|the|a)[\s-])*"
    r"(?:check(?:ing)?|verif(?:y|ication|ying)|proof|probe|gegenprobe|gegenrechnung|kontrolle|überprüfung|rückrechnung)"
    r"(?:\s(?:it|this|that|the result|the answer|des ergebnisses|our answer))?\s?[:,(–-][^\n]*?(?=\n|$|[)]|(?<!\d)\.\s|"
    r"(?<=[\ue000-\uefff])\.\s|,?\s(?:so|also|therefore|thus|daher|somit)\s)"
)
"""A line that reckons back from the result."""
CANT_BE = caseless(
    r"\b(?:can't|cannot|can not|couldn't|could not|impossible|kann|können|konnte|lässt sich|lassen sich|unmöglich|"
    r"nicht möglich)\b[^.;\n\ue000-\uefff]{0,60}"
    r"\b(?:calculated?|computed?|determined?|worked out|given|stated|told|tell|say|said|answered|be done|"
    r"berechne\w*|bestimm\w*|ermittel\w*|errechne\w*|sagen|angeben|angegeben|beziffer\w*|beantworte\w*|nennen|feststell\w*)"
    r"\b[^.;\n\ue000-\uefff]{0,30}[.!]?\s*$"
)
"""An end that says that the result can't be told."""
REFUSES = caseless(
    r"\b(?:can't|cannot|can not|unable to|not able to|couldn't|no (?:data|information|figures?|"
    r"numbers?|results?|values?)|not "
    r"(?:given|available|stated|enough)|"
    r"don't know|impossible|missing|"
    r"kann (?:ich )?(?:\w+ ){0,4}nicht|keine (?:zahlen|angaben?|daten|information\w*)|nicht (?:\w+ )?(?:möglich|"
    r"berechnen|angegeben|ermitteln|bekannt|hervor)|"
    r"weiß (?:ich )?(?:\w+ )?nicht|fehl(?:t|en)|kein\w* \w+(?: \w+)? (?:veröffentlicht|angegeben|genannt))\b"
)
CHANGED = caseless(
    rf"(?:\b(?:rose|risen|rise[ns]?|rising|fell|fallen|falls?|grew|grown|grows?|increas\w+|decreas\w+|dropped|"
    rf"drops?|went|goes|"
    r"gone|climb\w*|jump\w*|declin\w+|sank|sunk|up|down|reduc\w+|bring\w*|chang\w+|moved|raised|lowered|cut|stieg\w*|gestiegen|"
    r"steig\w+|sank\w*|"
    r"gesunken|sink\w+|erhöh\w+|wuchs\w*|gewachsen|kletter\w+|fiel\w*|gefallen|ging\w*|verringer\w+|reduzier\w+|"
    rf"(?:ver)?änder\w+|angehoben|gesenkt)\b[^.;\ue000-\uefff]{{0,60}}?\b(?:from|von)|"
    rf"\bvon(?=[^.;]{{1,40}}\sauf\s))\s(?:\w+\s){{0,2}}?(?P<old>{MARK})[^.;\ue000-\uefff]{{0,40}}?"
    rf"\b(?:to|auf)\s(?:\w+\s){{0,2}}?(?P<new>{MARK})"
)
REPLACED = caseless(
    rf"{MARK}(?:\s[^\W\d_]+)?\s(?:statt|anstatt|anstelle von|instead of|rather than)\s(?:\w+\s)?[\ue000-\uf8ff]"
)
RISEN_TO = caseless(
    r"\b(?:rose|fell|grew|climbed|dropped|went up|went down|increased|decreased|stieg\w*|sank\w*|wuchs\w*|"
    r"fiel\w*|kletterte\w*|"
    r"verbesserte|verschlechterte|erhöhte|verringerte)\b(?:\s\w+){0,3}?\s(?:to|auf)\s(?:\w+\s){0,2}$|"
    r"\b(?:i(?:'d| would|'ll| will)? (?:go with|take|use|choose|trust)|nehme ich|ich nehme|gehe ich von|"
    r"ich gehe von)\s(?:\w+\s)?$"
)
CHANGE_OF = caseless(
    r"\b(?:rise|increase|drop|fall|decrease|decline|gain|change|difference|jump|growth|surplus|plus|minus|anstieg|"
    r"rückgang|zunahme|abnahme|zuwachs|wachstum|"
    r"differenz|unterschied|steigerung|erhöhung|senkung)\s(?:of|von|um|by)\s(?:\w+\s)?$|\b(?:by|um)\s(?:\w+\s)?$"
)
RAISED = caseless(
    rf"\b(?:by|um|up|down)\s(?!from\b|von\b)(?:\w+\s){{0,2}}?(?P<by>{MARK})(?:\s[^\W\d_]+)?\s(?:to|"
    rf"auf)\s(?:\w+\s){{0,2}}?(?P<new>{MARK})"
)
EARLIER_LABEL = caseless(
    r"\b(?:sub-?total|zwischensumme|vorjahr(?:es)?(?:wert)?|vormonat|vorquartal|"
    r"im (?:jahr|monat) (?:davor|zuvor)|im vor(?:jahr|monat|quartal)|"
    r"(?:prior|previous|(?<!the )last|preceding) (?:year|month|quarter|week)|(?:a|the|one) (?:year|month|"
    r"quarter|week) (?:earlier|"
    r"before|ago)|the (?:year|month|quarter) before)(?:\s(?:waren es|es|noch|were|was|it was|there were|sah|saw|"
    r"had))*\W*$"
)
FORMER = caseless(
    r"\b(?:(?:until|till|before|up to|bis|vor)\s(?:ende |anfang |mitte |the end of |early |"
    r"late )?[\uf8fb-\uf8ff]|previously|formerly|"
    r"originally|used to|früher|vormals|ehemals|zuvor|bis dahin|vorher)\b[^.;\ue000-\uefff]{0,40}$"
)
SO_FAR = caseless(
    r"\b(?:bisher|bislang|so far|to date|until now|up to now)\b[^.;\ue000-\uefff]{0,40}$"
)
CURRENT = caseless(
    r"\b(?:now|nowadays|currently|today|since then|at present|these days|seither|seitdem|nun|jetzt|inzwischen|"
    r"mittlerweile|"
    r"heute|aktuell|derzeit|momentan|gegenwärtig|neuerdings)\b"
)
UNDECIDED = caseless(
    r"\b(?:(?:can't|cannot|can not|couldn't|could not|hard to|impossible to|unable to|not able to|don't|do not|"
    r"unsure|not sure|"
    r"not certain|unclear|uncertain)\b.{0,30}\b(?:which|tell|say|decide|determine|know)|unclear|"
    r"(?:not|isn't|wasn't) (?:entirely |quite |"
    r"completely )?(?:clear|sure|certain)|unsure|contradict\w*|conflict\w*|inconsistent|disagree\w*|"
    r"discrepanc\w+|ambiguous|"
    r"don't (?:match|agree)|do not (?:match|agree)|two (?:different )?(?:figures|numbers|values)|"
    r"welche[rs]? (?:\w+ ){0,3}(?:stimmt|gilt|richtig|zutrifft|korrekt)|unklar|widersprech\w+|widersprüchlich\w*|"
    r"widerspricht|nicht (?:ganz |völlig |recht )?(?:klar|eindeutig|sicher|ersichtlich|zu klären|geklärt)|lässt sich "
    r"(?:\w+ ){0,3}nicht (?:\w+ )?(?:sagen|klären|entscheiden|feststellen|beurteilen)|uneinheitlich|"
    r"weichen\b.{0,30}\bab|"
    r"uneindeutig|unterschiedliche (?:zahlen|angaben|werte)|passt nicht zusammen|offen)\b"
)
SOURCE = caseless(
    r"\b(?:according to|as per|per the|says?|lists?|shows?|gives?|states?|reports?|mentions?|records?|"
    r"puts it at|claims?|"
    r"laut|zufolge|gemäß|nach (?:der|dem|den)|nennt|nennen|gibt|zeigt|weist|führt|steht|stehen|spricht von|"
    r"verzeichnet|"
    r"meldet|behauptet|(?:one|another|other|eine|andere|einmal|das eine mal|page|seite)\b[^\ue000-\uefff]*)\b|"
    rf"\b(?:im|in der|in dem|in the|on the|am|in)\s(?:\w+\s)?{SOURCE_NOUN}\b"
)
KEYS = (
    "answer",
    "final_answer",
    "result",
    "value",
    "total",
    "number",
    "antwort",
    "ergebnis",
    "summe",
    "wert",
)
NO_KEYS = frozenset(
    (
        "unit",
        "einheit",
        "year",
        "jahr",
        "date",
        "datum",
        "stand",
        "as_of",
        "id",
        "page",
        "seite",
        "confidence",
        "source",
    )
)
"""Keys of an object that hold no result."""
