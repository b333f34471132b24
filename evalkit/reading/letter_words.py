"""Words that tell how plainly an answer speaks for an option, or that it speaks against it; English and German."""

from __future__ import annotations

from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.mentions import MARK
from evalkit.reading.words import (
    CHOOSE,
    CORRECTION,
    DOUBT,
    INSTEAD,
    IS,
    NEGATION,
    NO_NEGATION,
    NOUN,
    QUESTIONING,
    REJECTION,
    RIGHT,
    THUS,
)

ANY = lazy_regex(MARK)
NEGATED, IDIOM, REJECTED = caseless(NEGATION), caseless(NO_NEGATION), caseless(REJECTION)
IN_PLACE_OF = caseless(
    rf"(?:{INSTEAD}|(?:better|more|besser|eher|mehr)\b[^\ue000-\uefff]{{0,40}}\b(?:than|"
    r"als))\s+(?:the |die |der |das |den )?$"
)
DOUBTFUL, CORRECTED, ASKING = caseless(DOUBT), caseless(CORRECTION), caseless(QUESTIONING)
ONLY_IF = caseless(
    r"\b(?:would|wäre|würde|träfe|könnte)\b.{0,60}\b(?:only|if|nur|wenn|falls|bei)\b"
    r"|\b(?:only|just|merely|nur|bloß|lediglich)\s+(?:covers?|deals?|concerns?|about|for|betrifft|behandelt|bei|"
    r"für|wenn|if|um|with|handles?|responsible|zuständig|mit)\b"
)
CONDITION = caseless(
    r"^\W*(?:(?:and|but|und|aber|doch|even|only|nur|selbst|auch|step|schritt)\s)?(?:(?:if|wenn|falls|sofern|"
    r"unless|provided|"
    r"supposing|suppose|assuming|assume|vorausgesetzt|angenommen|gesetzt|es sei denn)\b(?!\s(?:in doubt|"
    r"anything|any|not|so|"
    r"nicht|überhaupt|(?:i|we|you|one|ich|wir|man|sie|du)\b.{0,40}\b(?:had|have|must|forced|asked|pick|"
    r"choose|guess|"
    r"müsste[nt]?|muss|wählen|entscheiden|raten))))"
)
INVERTED = caseless(
    r"^\W*(?:were|had|should|wäre[n]?|hätte[n]?|würde[n]?|sollte[n]?|stünde[n]?|träfe|käme|gälte|hieße)\s"
    rf"(?:\w+\s){{0,2}}{MARK}"
)
"""What its sentence says in the subjunctive is not stated: `Were A right, …`."""
SUBJUNCTIVE = caseless(
    r"\b(?:would(?:n't)?|wäre[n]?|würde[n]?|träfe[n]?|käme[n]?|könnte[n]?|müsste[n]?|gälte[n]?|hieße[n]?|"
    r"passte[n]?|ginge[n]?|"
    r"läge[n]?|entspräche[n]?|stimmte|spräche[n]?)\b|'d\b"
)
REASON = caseless(
    r"^\W*(?:because|since|as|weil|da|denn|while|whereas|although|though|während|obwohl|wohingegen|"
    r"if|wenn|which)\b"
)
STATING = caseless(
    rf"\b{NOUN}\b(?:\s+\S+){{0,3}}\s+{IS}\b|\b(?:it|this|that|es|das|dies)\s?{IS}\s+(?:\w+ly |eindeutig |wohl |"
    rf"eher |klar )?\s*$|\b(?:most|more) likely\b|\bam ehesten\b|\b{NOUN}\s*[:=]|^\W*(?:{NOUN}|classification|"
    r"category|department|label|fazit|conclusion|"
    rf"kategorie|abteilung|klassifikation|zuordnung)\W*$|{CHOOSE}|{RIGHT}|\b(?:remain\w*|übrig|verblei\w*|"
    r"confident|sicher)\b"
    r"|\b(?:chang\w+|switch\w*|revis\w+|correct\w*)\b.{0,20}\bto\b|\b(?:ändere|wechsle|korrigiere)\b"
)
FILLER = caseless(
    rf"{MARK}|{THUS}|{CORRECTION}|\b{IS}\b|\b(?:it|this|that|the|a|an|i|we|my|final|then|and|und|or|but|aber|doch|"
    r"das|es|dies|die|der|ist|"
    r"probably|clearly|definitely|certainly|likely|surely|rather|indeed|yes|no|well|ok|okay|alright|just|simply|"
    r"all in all|"
    r"wohl|eher|eindeutig|klar|wahrscheinlich|sicher|natürlich|ja|nein|nun|gut|hier|now|here|please|bitte|"
    r"'s|'d|would|be|must|muss|sein|n?ur|nämlich|eben|schließlich|letztlich|finally|ultimately)\b|[\W_]"
)
SO = caseless(
    r"^\W*(?:and |und )?(?:so|therefore|thus|hence|consequently|making|which makes|that makes|also|daher|"
    r"deshalb|somit|folglich|"
    r"demnach|insgesamt|overall|sondern)\b"
)
ADVISING = caseless(
    r"^\W*(?:please |bitte |so |then |also |dann |recommendation\W+|empfehlung\W+)?(?:use|give|take|try|"
    r"start with|begin with|"
    r"buy|book|order|send (?:it|this) to|contact|call|ask|turn to|put it|set it to|see|assign(?: it| this)? to|"
    r"route(?: it| this)? to|forward(?: it| this)? to|nimm|nehmen sie|verwenden? (?:sie )?|nutzen? (?:sie )?|"
    r"wenden sie sich|kaufen? (?:sie )?|buchen? (?:sie )?|rufen? (?:sie )?|fragen? (?:sie )?|gehen sie|"
    r"geh)\b[^\ue000-\uefff]{0,30}$"
)
"""The answer tells to do so."""
ALONE = caseless(
    r"^\W*(?:so |thus |therefore |also |somit |daher )?(?:only|just|nur|allein|einzig)\s(?:the |der |die |das )?$"
)
SECOND = caseless(
    r"\b(?:(?:close |a |the |my |only )?second(?:[- ](?:best|choice|place))?(?=\W*$|\W*(?:but|though|,))|"
    r"second[- ]best|runner-?up|"
    r"back-?up|fallback|plan b|next[- ]best|next (?:week|month|year)|nächste[nr]? (?:woche|monat|jahr)|"
    r"as an alternative|alternatively|afterwards|later(?: on)?|subsequently|"
    r"followed by|can follow|follows|comes? next|zweitbeste\w*|(?:an )?zweite[rn]? (?:stelle|wahl|rang)|"
    r"(?:an zweiter|auf (?:platz|rang) (?:2|zwei|3|drei))|platz (?:2|zwei|3|drei)|reserve|ersatzweise|notlösung|"
    r"notfalls|zur not|ergänzend|zusätzlich|außerdem|darüber hinaus|additionally|in addition|optionally|"
    r"bei bedarf|if needed|als alternative|alternativ|später|anschließend|hinterher|gefolgt von|folgt|"
    r"erst danach)\b"
)
"""What comes behind the chosen one, in rank or time."""
TOO_MUCH = caseless(
    r"\btoo (?:small|large|big|short|long|expensive|slow|heavy|late|early|little|few|dear|costly|strict|wide|cold|"
    r"hot|loud|old|new)\b|\bzu (?:klein|groß|kurz|lang|teuer|langsam|schwer|schwach|spät|früh|gering|alt|neu|laut|"
    r"knapp|ungenau)\b"
)
CONCEDED = caseless(
    r"(?<!und )\bzwar\b|\b(?:admittedly|granted|normally|usually|ordinarily|on paper|formerly|previously|"
    r"used to be|früher(?! als)|ehemals|ehedem|damals|normalerweise|eigentlich|"
    r"üblicherweise|gewöhnlich)\b"
)
"""`Zwar A, aber B`: what does not hold here."""
OF_OTHERS = caseless(
    r"\b(?:(?:many|some|most|other) (?:\w+ )?(?:think|believe|assume|say|expect|guess)|often (?:thought|assumed|"
    r"believed|"
    r"confused)|your (?:guess|assumption|suspicion)|you (?:thought|assumed|suspected)|"
    r"(?:viele|manche|einige|die meisten) (?:\w+ )?(?:denken|glauben|meinen|halten|vermuten|tippen)|"
    r"oft (?:\w+ )?(?:"
    r"angenommen|verwechselt)|(?:deine|ihre) (?:vermutung|annahme))\b"
)
"""What others think."""
THAN = lazy_regex(
    r"(?i:\b(?:cheaper|faster|quicker|better|slower|worse|[a-z]{3,}er|more [a-z]+|less [a-z]+)(?: \w+){0,2} than)"
    r"(?i: (?:the|an?|with|on|via))?\s$|"
    r"\b(?!(?:unter|über|aber|oder|wieder|immer|ober|hinter|unser|dieser|einer|keiner|jeder|seiner|ihrer|der)\b)"
    r"(?:[a-zäöüß]{2,}er|mehr|weniger)(?: \w+){0,2} als(?: (?:der|die|das|den|dem|mit|auf|über|bei))*\s$"
)
"""What the chosen one is compared with."""
EXCEPT = caseless(
    r"(?:(?:\b(?:all|every\w*|any\w*|alle[sr]?|nothing|none|no|nichts|keine?[rs]?)\b.{0,25})\s(?:but|"
    r"except(?: for)?|apart from|"
    r"other than|besides|außer|bis auf|mit ausnahme von)|^\W*(?:except(?: for)?|apart from|bis auf|außer|"
    r"mit ausnahme von))"
    r"\s(?:the |der |die |das |dem )?$"
)
THEREFORE, TOO = caseless(THUS), caseless(r"\b(?:too|as well|auch|ebenfalls|ebenso)\b")
NOTHING = caseless(r"\b(?:nothing|none|no|nichts|keine?[rs]?)\b")
WORSE = caseless(r"\b(?:worse|less|weniger|schlechter|seltener|schwächer)\b.{0,40}\b(?:than|als)\s")
JUST_SO = caseless(
    r"^\W*(?:and |und )?(?:so|therefore|thus|hence|consequently|as a result|daher|deshalb|somit|folglich|"
    r"demnach|demzufolge)\W*$"
)
SPLIT_VERB = caseless(
    r"\b(?:scheide[tn]?|schied\w*|fällt|fallen|fiel\w*|schließ\w*|schloss\w*|lehn\w+|rule[sd]?|"
    r"cross\w*)\b[^.;]*\b(?:aus|weg|raus|"
    r"heraus|flach|ab|out)\W*$"
)
ALIKE = caseless(
    rf"^\W*(?:and|und)\s(?:the |der |die |das |den )?{MARK}\s(?:as well|too|likewise|also|auch|ebenfalls|ebenso|"
    rf"genauso)\W*$"
)
"""What was said of the option before is said of this one."""
AGAINST = caseless(
    r"\b(?:(?:advise|recommend|decide) against|steer clear of|avoid|rate[nt]?\b[^.;]{0,30}\bab\b|"
    r"abraten|meiden)\b"
)
CHANGED = caseless(
    r"\b(?:mov|chang|switch|transfer|upgrad|convert|relocat|verleg|wechsel|gewechselt|umgewandelt|umgestellt|"
    r"geändert|"
    r"umgezogen|zog|versetzt)\w*\b"
)
LEFT_BEHIND = caseless(r"\b(?:from|von|aus)\s(?:the |der |dem |einer |einem |an? )?$")
LED_TO = caseless(r"^\W*(?:\d{4}\s)?(?:to|into|nach|auf|in|zu[rm]?)\b")
"""`Moved from A to B`: what was left is not what is."""
GRANTED = caseless(
    r"^\W*(?:although|though|even though|while|whereas|obwohl|obgleich|auch wenn|während|wohingegen)\b"
)
"""`Although it flies like a bird, …`"""
BUT_IS = caseless(
    r"^\W*(?:but|yet|aber|jedoch|doch)\s(?:[^\ue000-\uefff]{0,40}\b(?:is|are|'s|was|ist|sind|"
    r"war)\s)?(?:in fact |really |actually |"
    r"tatsächlich |vielmehr )?(?:an? |the |eine?[nmr]? |zu[rm]? |zu den |der |die |das )?"
    rf"{MARK}\W*$"
)
"""`It lays eggs like a bird, but is a mammal.`"""
TURNS_OUT = caseless(r"\b(?:fällt|fallen|fiel\w*)\b")
"""`Das Urteil fällt positiv aus`."""
JUST_NO = caseless(r"^\W*(?:no|nein|nope|nee)\W*$")
CARRIED = caseless(r"(?:^\W*(?:than|als)\s|\b(?:nor|noch)\s(?:\w+\s){0,2})$")
"""What stands before the mention that it follows holds for this one, too: `neither A nor B`."""
LESS = caseless(r"\b(?:less|weniger)\s$")
YES_INDEED = caseless(r"^\W*(?:yes|ja|indeed|correct|right|richtig|genau|exactly)\b")
BETWEEN = caseless(r"\b(?:between|zwischen|among|unter)\s+(?:the |den )?(?:options |optionen )?$")
LIST_LINE = lazy_regex(rf"[ \t]*(?:[-*•]|\d\.)?[ \t\"'(]*({MARK})")


OF_OTHER = caseless(
    r"\b(?:the|an?|this|that|its|his|her|their|der|die|das|den|dem|des|eine?[nmrs]?|diese[nmrs]?)\s(?:wrong|"
    r"incorrect|"
    r"false|inaccurate|invalid|misleading|falsche[nmrs]?|verkehrte[nmrs]?|ungültige[nmrs]?|irreführende[nmrs]?)\s"
    rf"(?!{NOUN}|one\b|statement|aussage|department|abteilung|category|kategorie)(?=[^\W\d_])"
)
"""Wrong is something else: `the incorrect amount`."""
