"""A report can be made again: it names the commands, and holds the scenario as it was understood."""

from hashlib import sha256

import yaml

from evalkit.analysis.summary import analyse
from evalkit.config.scenario import ScenarioConfig
from evalkit.report.document import build_document
from evalkit.report.html import render_report
from tests.reports import decided, runs


def facts():
    return [(run, analyse(run)) for run in runs()]


def test_the_last_command_makes_the_same_report() -> None:
    document = build_document(facts(), decided())
    ids = " ".join(f"results/{run.manifest.run_id}" for run in runs())
    assert document.commands[-1] == f"evalkit report {ids} --scenario x.yaml"


def test_the_scenario_in_the_report_is_the_one_that_was_decided() -> None:
    document = build_document(facts(), decided())
    assert ScenarioConfig.model_validate(yaml.safe_load(document.scenario)) == decided().scenario
    html = render_report(facts(), decided()).decode()
    assert sha256(document.scenario.encode()).hexdigest() in html
