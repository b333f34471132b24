"""The scorecard's section: what it says in every language, and what the script is given."""

from __future__ import annotations

import json
import re
from typing import Any

from evalkit.analysis.tco.analyse import Case
from evalkit.decision.facts import Check, Outcome
from evalkit.decision.scorecard import Scorecard, scorecard
from evalkit.report.decision.scorecard import (
    ScorecardSection,
    build_scorecard,
    share_of_weightings,
)
from evalkit.report.html import render_template
from evalkit.report.language import ENGLISH, Spoken, spoken
from evalkit.wording import say, tell
from tests import scenarios
from tests.decisions import (
    API,
    OWN,
    UNKNOWN,
    api_option,
    blend_option,
    decision_facts,
    option,
    share,
    unknown_option,
    verdict,
)
from tests.pseudo import PSEUDO, untold

GERMAN = spoken("de")
BROKEN = Check(API, "data", Outcome.FAIL, say("Data would leave."))
OPEN = Check(OWN, "quality", Outcome.UNCLEAR, say("Too few documents."))
HOSTILE = "</script><img src=x onerror=alert(1)>\u202egnp"


def section(*options: Any, language: Spoken = ENGLISH, **policy: Any) -> ScorecardSection:
    found = options or (option(), api_option(), blend_option(), unknown_option())
    facts = decision_facts(options=found)
    config = scenarios.scenario(policy=policy) if policy else scenarios.scenario()
    card = scorecard(
        Case(facts, scenarios.workload(), {}, {}), verdict(checks=(BROKEN, OPEN)), config
    )
    assert isinstance(card, Scorecard)
    return build_scorecard(card, facts, language)


def html(of: ScorecardSection, language: Spoken = ENGLISH) -> str:
    return render_template("sections/scorecard.html.j2", language, scorecard=of).decode()


def row(of: ScorecardSection, name: str) -> Any:
    return next(r for r in of.rows if r.name == name)


def test_a_bar_is_as_long_as_its_score_and_says_what_it_rests_on() -> None:
    quality, cost, _, data, certainty = row(section(), API).bars
    assert (quality.shown, quality.percent, quality.note) == ("1.00", "100.0", "84.6 %")
    assert (cost.shown, cost.note) == ("0.83", "EUR 886,000")
    assert (data.shown, data.percent, data.note) == ("0.00", "0.0", "0 %")
    assert certainty.note.startswith("P10–P90: ")


def test_what_is_not_known_has_no_bar_and_says_why() -> None:
    quality = row(section(), UNKNOWN).bars[0]
    assert (quality.shown, quality.percent) == ("not known", None)
    assert quality.note == "no run of the model"


def test_an_option_that_is_not_ranked_says_why() -> None:
    found = section()
    assert row(found, API).state == "not ranked: breaks a rule of the policy"
    assert row(found, API).broken == ("Data would leave.",)
    assert row(found, OWN).unclear == ("Too few documents.",)
    assert row(found, OWN).state == ""
    assert row(found, UNKNOWN).state.endswith("Quality, Cost, Speed, Certainty of cost")
    assert (row(found, UNKNOWN).total_shown, row(found, UNKNOWN).rank) == ("–", "–")
    assert found.has_notes


def test_it_says_who_wins_and_in_how_many_weightings() -> None:
    two = (option(), option("mix", leaves_network=True, quality=share(0.9)))
    given = section(*two, weights={"quality": 1, "data_control": 4})
    assert given.sentences[0] == f"With the scenario's weights {OWN} is first."
    assert re.fullmatch(rf"{OWN} comes first in \d+ % of all weightings\.", given.sentences[1])
    assert "Quality, Data control" in given.drawn
    assert section(*two).sentences[0] == f"With equal weights {OWN} is first."


def test_where_one_or_none_can_be_ranked_it_says_so() -> None:
    assert section().sentences == (f"{OWN} is the only one that can be ranked.",)
    nobody = section(api_option(), unknown_option())
    assert nobody.sentences[0].startswith("No option can be ranked")


def test_how_often_one_is_first_is_told_only_where_there_are_two() -> None:
    assert "of all weightings" not in html(section())
    two = section(option(), option("mix", leaves_network=True, quality=share(0.9)))
    assert "of all weightings" in html(two)


def test_criteria_known_of_no_option_are_named() -> None:
    blank = unknown_option().quality
    found = section(option(slo_share=blank), option("mix", slo_share=blank))
    assert "Not known of any option, so without weight: Speed." in found.sentences


def test_shares_of_weightings_are_whole_percent_and_only_certainty_is_0_or_100() -> None:
    shares = (0.0, 0.001, 0.826, 0.998, 1.0, None)
    said = [str(share_of_weightings(s)) for s in shares]
    assert said == ["0 %", "less than 1 %", "83 %", "more than 99 %", "100 %", "–"]


def test_sliders_reach_the_scenarios_weights() -> None:
    assert section().most == 5
    assert section(weights={"quality": 7.5}).most == 8


def test_the_page_shows_weights_formulas_and_bars_without_a_script() -> None:
    page = html(section(weights={"quality": 3, "cost": 0.5}))
    assert "own score / best score of all options" in page
    assert '<span id="weight-of-cost">0.5</span>' in page
    assert "weight 3" in page
    assert 'style="width:100.0%"' in page
    assert "does not replace the verdict" in page
    hidden = re.findall(r'<span class="knob" hidden>', page)
    assert len(hidden) == 5


def test_the_script_is_given_the_exact_numbers_and_its_words() -> None:
    found = section()
    data = json.loads(re.sub(r"<[^>]*>", "", str(found.data)))
    assert data["weights"] == [1.0] * 5
    assert [o["name"] for o in data["options"]] == [r.name for r in found.rows]
    assert data["options"][0]["scores"][0] == 0.812 / 0.846
    assert data["options"][3]["scores"][0] is None
    assert [o["out"] for o in data["options"]] == [False, True, False, False]
    german = json.loads(re.sub(r"<[^>]*>", "", str(section(language=GERMAN).data)))
    assert german["words"]["winner"] == "Mit Ihren Gewichten: {option}."


def test_names_of_options_stay_text() -> None:
    page = html(section(option(), option(HOSTILE)))
    assert "<img" not in page
    assert "\u202e" not in page
    assert page.count("</script>") == 1


def test_german_is_german() -> None:
    page = html(section(language=GERMAN), GERMAN)
    for words in ("Nutzwertvergleich", "Datenhoheit", "0,83", "ohne Rang", "einzige Option"):
        assert words in page
    assert tell(section().rows[0].bars[0].shown, GERMAN) == "0,96"


def test_every_word_is_from_the_catalogue() -> None:
    found = section(language=PSEUDO)
    names = {r.name for r in found.rows}
    said = [*found.sentences, found.drawn]
    said += [w for x in found.weights for w in (x.name, x.formula, x.shown)]
    for r in found.rows:
        said += [r.side, r.total_shown, r.rank, r.wins, r.state, *r.broken, *r.unclear]
        said += [w for b in r.bars for w in (b.shown, b.note)]
    data = {"P10–P90", "EUR", "no run of the model", "no load test of the model among the runs"}
    data |= {"the two were not measured together"}
    for one in said:
        left = untold(one)
        for name in sorted(names | data, key=len, reverse=True):
            left = left.replace(name, "")
        assert not re.search("[A-Za-z]", left), (one, left)
