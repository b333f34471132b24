"""Words that carry an answer's logic in English and German: cues, negation, doubt, correction, conclusion.

Each is a fragment of a pattern that is matched without regard to case.
"""

from __future__ import annotations

NOUN = (
    r"(?:answers?|options?|choices?|solution|result|letter|pick|selection|antwort(?:en)?|optione?n?|lösung|"
    r"ergebnis|"
    r"auswahl|wahl|möglichkeit|variante|buchstabe|alternative|punkt)"
)
IS = (
    r"(?:is|are|was|would be|should be|must be|will be|has to be|'s|'d be|ist|sind|war|lautet|wäre|ist also|muss|"
    r"heißt|"
    r"bleibt|sollte|dürfte)"
)
NEGATION = (
    r"\b(?:not|never|neither|nor|none|cannot|cant|\w{2,7}n't|dont|doesnt|isnt|without|nothing|nobody|nowhere|no|"
    r"hardly|"
    r"nicht|kein(?:e[nmrs]?)?|nie|niemals|weder|ohne|kaum|nichts|niemand\w*|nirgend\w*)\b"
)
NO_NEGATION = (
    r"\b(?:no doubt|without (?:\w+ ){0,2}doubt|not only|no other|nothing else|no question|nothing but|"
    r"(?:ohne|kein) (?:\w+ ){0,2}zweifel|nicht nur|kein(?:e[nmrs]?)? andere[nmrs]?|nichts anderes?|"
    r"(?:not|n't|cannot) be (?:wrong|ruled out|excluded)|not (?:wrong|incorrect)|nicht (?:falsch|auszuschließen)|"
    r"why not|nichts (?:\w+ )?(?:gegen|im wege?)|nothing (?:\w+ )?against|nicht wahr|zweifellos)\b"
)
"""Look like negation and are none."""
REJECTION = (
    r"\b(?:wrong|incorrect|false|inaccurate|rul(?:e[sd]?|ing) (?:\w+ ){0,2}out|(?:is|are|falls?|drops?|"
    r"goes) (?:out|away|flat|short)|"
    r"eliminat\w+|exclud\w+|reject\w*|discard\w*|dismiss\w*|irrelevant|unrelated|unlikely|inapplicable|unsuitable|"
    r"inappropriate|implausible|invalid|off[- ]topic|off the table|out of the question|fails?|misses|lacks|"
    r"contradict\w*|too (?:narrow|broad|general|vague|specific|low|high|far|weak)|distractors?|"
    r"beside the point|misleading|a trap|"
    r"falsch\w*|inkorrekt|unzutreffend|unpassend|unwahrscheinlich|unplausibel|ungeeignet|abwegig|verkehrt|daneben|"
    r"ausscheid\w*|ausgeschlossen|aus(?:zu)?schließ(?!lich)\w*|ausschluss|entf(?:ä|a)ll\w*|entfiel\w*|widersp\w+|"
    r"(?:scheide[tn]?|schließe|fällt|fallen|schied|fiel)\b[^.;,]{0,40}\b(?:aus|weg|raus|heraus|flach)|"
    r"vom tisch|irreführend|am thema vorbei|zu (?:eng|weit|allgemein|speziell|unspezifisch|hoch|niedrig)|"
    r"streiche\w?|verwerfe\w?|verworfen)\b"
)
INSTEAD = (
    r"\b(?:rather than|instead of|in place of|as opposed to|unlike|except(?: for)?|apart from|other than|"
    r"over(?!\s\d)|"
    r"statt(?: de[rsmn])?|anstatt|anstelle(?: von)?|außer|abgesehen von|im gegensatz zu|anders als|gegenüber|"
    r"vor(?!\s\d))"
)
"""Directly before what is not chosen."""
DOUBT = (
    r"\b(?:might|(?-i:may)|could|perhaps|maybe|possibly|at first(?: glance| sight)?|initially|originally|"
    r"first thought|"
    r"tempting|tempted|one (?:might|could|may)|some (?:might|may|would|people)|"
    r"(?:first|initially) (?:\w+ )?(?:thought|considered|picked|chose|leaned)|(?:dachte|tippte|meinte) ich "
    r"(?:zuerst|erst|zunächst)|"
    r"könnte[n]?|eventuell|gegebenenfalls|unter umständen|vielleicht|möglicherweise|zunächst|"
    r"(?<!man )(?<!sie )(?<!wird )(?<!immer )zuerst|anfangs|"
    r"auf den ersten blick|erster gedanke|"
    r"verlockend|man (?:könnte|möchte))\b"
)
CORRECTION = (
    r"(?:\b(?:wait|no,? wait|scratch that|strike that|correction|corrected|actually|on second thoughts?|sorry|"
    r"apologies|my mistake|my bad|i mean|i meant|let me (?:correct|revise|recheck|double-check|reconsider)|"
    r"i (?:change|revise|correct|take that back|misread|miscounted|made (?:a|an) \w*\s?(?:mistake|error|slip))|"
    r"(?:i )?(?:forgot|overlooked|left out|missed)|or rather|hold on|hmm+|oops|"
    r"(?:was|were|war|waren) (?:\w+ )?(?:wrong|incorrect|falsch|inkorrekt|nicht richtig)|"
    r"moment|halt|stopp?|korrektur|korrigier\w+|berichtigung|richtiggestellt|doch nicht|genauer gesagt|"
    r"besser gesagt|"
    r"beziehungsweise besser|ich meine|ich meinte|verzeihung|entschuldigung|pardon|mein fehler|vertan|verrechnet|"
    r"vergessen|übersehen|ausgelassen|verlesen|verzählt|quatsch|ach nein|nein,? doch|ach,? doch|vielmehr|"
    r"nochmals? "
    r"nachgerechnet|"
    r"bei (?:näherer|genauerer|nochmaliger) \w+|tatsächlich)\b)"
)
"""What follows replaces what was said."""
CONCLUDING = (
    r"\b(?:in the end|in conclusion|to conclude|all things considered|on balance|overall|ultimately|in summary|to "
    r"sum up|"
    r"bottom line|upshot|final(?:ly)?|"
    r"am ende|letztlich|letzten endes|schließlich|schlussendlich|unterm strich|fazit|alles in allem|insgesamt "
    r"betrachtet|"
    r"zusammengefasst|kurzum|kurz gesagt|endgültige?)\b"
)
"""What follows is what the answer comes to."""
THUS = (
    r"\b(?:so|therefore|thus|hence|consequently|that leaves(?: us)?(?: with)?|leav(?:es|ing)(?: us)?(?: with|"
    r" only)?|"
    r"which leaves|only|in conclusion|in short|overall|in sum|"
    r"also|daher|deshalb|deswegen|somit|folglich|demnach|mithin|damit|bleibt(?: nur| noch| somit| also)*|"
    r"unterm strich|fazit)\b"
)
CHOOSE = (
    r"\b(?:go(?:ing)? (?:with|for)|choos\w+|cho(?:ice|se)|pick(?:ing|ed)?|select(?:ed|ing)?|opt(?:ing)? for|"
    r"settle "
    r"(?:on|for)|vote for|"
    r"take(?! over| place| care| part| into)|say|answer|guess|bet(?: on)?|stick with|suggest|prefer|"
    r"lean(?:ing)? (?:towards?|to)|points? to|tend to|"
    r"favou?r|file[sd]?(?: \w+){0,2} under|falls? under|belongs? (?:to|in|under)|a (?:case|matter) (?:of|for)|"
    r"gehört|fällt unter|"
    r"handelt (?:es )?sich um|ein fall für|assign(?: it)? to|route(?: it)? to|send(?: it| this)? to|"
    r"nehme?|nähme|wähl\w*|gewählt|entscheid\w*|entschieden|tippe?|plädier\w*|sage[n]?|stimme|antworte?|"
    r"spricht für|"
    r"tendier\w*|votier\w*|empfehle[n]?|empfiehlt|rate zu\w?|recommend(?:ed)?|advise|deutet auf|läuft auf|"
    r"bevorzug\w*|schwanke|setze)\b"
)
RIGHT = (
    r"\b(?:correct|right|true|best|accurate|appropriate|most \w+|fits?|fitting|matches|match|applies|applicable|"
    r"works|answer|"
    r"the (?:one|only|clear|obvious)|it is|wins|holds|"
    r"richtig\w*|korrekt\w*|stimmt|zutreffend\w*|trifft (?:es )?(?:am besten |genau )?(?:zu|den)?|passt|"
    r"passend\w*|"
    r"am besten|beste[nrsm]?|zuständig|antwort|lösung|gemeint|gesucht\w*|responsible|in charge)\b"
)
HOW_MANY = r"(?:how many|wie ?viele?n?|number of|anzahl(?: der)?)"
QUESTIONING = r"\b(?:whether|if|ob|falls(?! (?:in|into|under|within|on|to|below|above|between|outside|short)\b)|wenn)\b"
