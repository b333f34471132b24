"""Scenario files: what they may say, in which units, and what an error tells."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from evalkit.config import load_config, load_policy, load_scenario
from evalkit.config import quantity as units
from evalkit.config.quantity import Quantity
from evalkit.config.scenario import ScenarioConfig
from evalkit.errors import ConfigError

HEAD = "name: x\nload:\n  requests_per_month: 1000\n"
API = "  - {name: api, kind: api_list, model: gpt}\n"
OWN = "  - {name: own, kind: owned, model: m, capacity: {requests_per_s: 2}}\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "case.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, text: str) -> ScenarioConfig:
    return load_scenario(written(folder, text))


# --- quantities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written_as", "triple"),
    [
        ("5", (5, 5, 5)),
        ("[3, 5, 9]", (3, 5, 9)),
        ("{low: 3, mode: 5, high: 9}", (3, 5, 9)),
        ("{value: 5}", (5, 5, 5)),
        ("{value: [3, 5, 9], source: offer, date: 2026-11-01, owner: IT}", (3, 5, 9)),
    ],
)
def test_a_quantity_can_be_written_in_several_ways(
    written_as: str, triple: tuple[float, ...]
) -> None:
    found = Quantity.model_validate(yaml.safe_load(written_as))
    assert found.triple == triple
    assert Quantity.model_validate(found.model_dump()) == found


def test_a_quantity_says_where_it_is_from() -> None:
    found = Quantity.model_validate(
        yaml.safe_load("{value: 5, source: offer, date: 2026-11-01, owner: IT}")
    )
    assert (found.source, found.owner) == ("offer", "IT")
    assert found.date == datetime.date(2026, 11, 1)


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ("[5, 3, 9]", "low ≤ mode ≤ high does not hold: 5, 3, 9"),
        ("[3, 9, 5]", "does not hold"),
        ("{low: 9, mode: 5, high: 3}", "does not hold"),
        ("[3, 5]", "a number, or three"),
        ("five", "a number, such as 1000, 0.5 or 1e6"),
        ("true", "a number, not"),
        ("[1, yes, 3]", "a number, not"),
        ("{value: 5, mode: 4}", "either 'value', or 'low', 'mode' and 'high'"),
        ("{low: 3, high: 5}", "mode"),
        (".nan", "finite"),
        ("[0, 1, .inf]", "finite"),
        ("{value: 5, sauce: offer}", "sauce"),
    ],
)
def test_wrong_quantities_are_refused(written_as: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Quantity.model_validate(yaml.safe_load(written_as))


KINDS = {
    "Money": ("EUR", "EUR/year", 5),
    "MoneyPerYear": ("EUR/year", "EUR/month", 5),
    "MoneyPerServer": ("USD/server", "USD/GPU", 5),
    "MoneyPerServerYear": ("USD/server-year", "USD/server", 5),
    "MoneyPerGpuYear": ("USD/GPU-year", "USD/GPU-hour", 5),
    "MoneyPerGpuHour": ("USD/GPU-hour", "USD/GPU-year", 5),
    "MoneyPerKwh": ("EUR/kWh", "EUR/MWh", 5),
    "WattPerGpu": ("W/GPU", "kW/GPU", 500),
    "Share": ("share", "%", 0.5),
    "SharePerYear": ("share/year", "share", 0.5),
    "GrowthPerYear": ("share/year", "share/month", 0.5),
    "AtLeastOne": ("factor", "share", 2),
    "PositiveShare": ("share", "factor", 0.5),
    "Years": ("years", "months", 4),
    "Staffing": ("FTE", "EUR", 0.5),
    "PerMonth": ("requests/month", "requests/s", 5),
    "PerSecond": ("requests/s", "requests/month", 5),
    "Tokens": ("tokens/request", "tokens", 5),
}
BEYOND = {
    "Money": -1, "MoneyPerYear": -1, "MoneyPerServer": -1, "MoneyPerServerYear": -1, "MoneyPerGpuYear": -1,
    "MoneyPerGpuHour": -1, "MoneyPerKwh": -0.1, "WattPerGpu": -1, "Share": 1.1, "SharePerYear": 1.1,
    "GrowthPerYear": -1, "AtLeastOne": 0.9, "PositiveShare": 0, "Years": 0, "Staffing": -1, "PerMonth": 0,
    "PerSecond": 0, "Tokens": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_quantity_checks_its_unit_and_its_bounds(name: str) -> None:
    right, wrong, value = KINDS[name]
    check = TypeAdapter(getattr(units, name)).validate_python
    assert check({"value": value, "unit": right}).unit == right
    assert check(value).unit == ""
    with pytest.raises(ValidationError, match="does not fit; expected such as"):
        check({"value": value, "unit": wrong})
    with pytest.raises(ValidationError, match="must be"):
        check(BEYOND[name])


@pytest.mark.parametrize("currency", ["eur", "EURO", "€", "$", "money"])
def test_a_currency_is_three_capitals(currency: str) -> None:
    with pytest.raises(ValidationError, match="does not fit"):
        TypeAdapter(units.MoneyPerKwh).validate_python({"value": 1, "unit": f"{currency}/kWh"})


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3))
def test_what_is_accepted_is_finite_and_ordered(numbers: list[float]) -> None:
    try:
        found = Quantity.model_validate(numbers)
    except ValidationError:
        return
    assert found.low <= found.mode <= found.high < float("inf")


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["manufacturer", "start-up", "support-centre"])
def test_the_shipped_scenarios_are_right(name: str) -> None:
    assert isinstance(load_config(Path(f"configs/scenarios/{name}.yaml")), ScenarioConfig)


def test_the_least_a_scenario_needs(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{HEAD}options:\n{API}")
    assert found.load.requests_per_month.mode == 1000
    assert found.self_hosted.staff is None
    assert found.self_hosted.adoption_cost is None
    assert (found.draws, found.horizon_months, found.currency) == (10_000, 36, "USD")


LOAD = HEAD.replace("name: x\n", "")
AFTER = f"options:\n{API}"
EURO = "value: 1, source: s, date: 2026-01-01"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  peak_to_meen: 3", "4: load.peak_to_meen: unknown key .*did you mean 'peak_to_mean'"),
        ("  peak_to_mean: [5, 3, 9]", "4: load.peak_to_mean: low ≤ mode ≤ high.*5, 3, 9"),
        ("  peak_to_mean: 0.5", "4: load.peak_to_mean: must be 1 or more: 0.5"),
        ("api:\n  adoption_cost: -5", "5: api.adoption_cost: must be 0 or more: -5"),
        (
            "api: {adoption_cost: {value: 5, unit: EUR/year}}",
            "4: api.adoption_cost: unit 'EUR/year' does not fit",
        ),
        ("api:\n  staff:\n    fte: 1", "5: api.staff.cost_per_year: this key is required"),
        ("  input_tokens: 5", "2: load: give both input_tokens and output_tokens"),
        (
            "  task_weights: {t: 0}",
            "2: load: task_weights: at least one task must have a weight above 0",
        ),
        ("  task_weights: {t: -1}", "4: load.task_weights.t"),
        ("policy: {quality: {at_least: 80}}", "4: policy.quality.at_least.*found 80"),
        ("policy: {data_class: secret}", "4: policy.data_class"),
        (
            "policy:\n  weights: {qualty: 3}",
            "5: policy.weights.qualty: unknown key .*did you mean 'quality'",
        ),
        ("policy: {weights: {cost: -1}}", "4: policy.weights.cost: .*found -1"),
        ("policy: {weights: {cost: .inf}}", "4: policy.weights.cost"),
        ("policy: {weights: {cost: 0}}", "4: policy.weights: at least one weight must be above 0"),
        ("policy: {weights: {}}", "4: policy.weights: at least one weight must be above 0"),
        (f"rates: {{usd: {{{EURO}}}}}", "4: rates.usd"),
        (f"rates: {{USD: {{{EURO.replace('1', '0', 1)}}}}}", "4: rates.USD.value"),
        ("rates: {USD: {value: 1, source: s}}", "4: rates.USD.date: this key is required"),
        ("draws: 5", "4: draws"),
    ],
)
def test_errors_name_file_line_key_and_value(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"case.yaml:{said}"):
        loaded(tmp_path, f"{HEAD}{text}\n{AFTER}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"name: x\nload: {{}}\n{AFTER}", "2: load.requests_per_month: this key is required"),
        (f"name: x\n{AFTER}", "1: load: this key is required"),
        (f"{LOAD}{AFTER}", "1: name: this key is required"),
        (f"{HEAD}options: []\n", "4: options"),
        (f"{HEAD}options:\n  - name: a\n    kind: api_lst\n    model: m\n", "6: options.0.kind"),
        (f"{HEAD}{AFTER}{API}", ".*'api'"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"case.yaml:{said}"):
        loaded(tmp_path, text)


PRICE = "price: {input: 1, output: 2, source: s, date: 2026-01-01}"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("kind: api_list, hardware: h100-sxm", "'hardware' means nothing for kind 'api_list'"),
        ("kind: api_batch, gpus_per_replica: 2", "'gpus_per_replica' means nothing"),
        ("kind: api_list, capacity: {requests_per_s: 1}", "'capacity' means nothing"),
        ("kind: api_contract", "needs 'price'"),
        (f"kind: api_list, {PRICE}", "'price' means nothing for kind 'api_list'"),
        (
            "kind: api_list, batch_discount: 0.5",
            "'batch_discount' means nothing for kind 'api_list'",
        ),
        (f"kind: api_contract, batch_discount: 0.5, {PRICE}", "'batch_discount' means nothing"),
        ("kind: owned, batch_discount: 0.5", "'batch_discount' means nothing for kind 'owned'"),
        ("kind: owned, provider: openai", "'provider' means nothing"),
        ("kind: owned, gpu_hour_price: 2", "'gpu_hour_price' means nothing for kind 'owned'"),
        (
            "kind: rented_reserved, server_price: 2",
            "'server_price' means nothing for kind 'rented_reserved'; it is for owned",
        ),
        (
            "kind: rented_on_demand, load_power: 2",
            "'load_power' means nothing for kind 'rented_on_demand'; it is for owned",
        ),
        ("kind: owned, capacity: {}", "give one of 'profile', 'curve', 'requests_per_s'"),
        ("kind: owned, capacity: {profile: p, requests_per_s: 1}", "give one of"),
        ("kind: owned, gpus_per_server: 0", "gpus_per_server"),
        ("kind: api_batch, batch_discount: 1.5", "between 0 and 1"),
    ],
)
def test_keys_must_fit_the_kind_of_option(tmp_path: Path, option: str, said: str) -> None:
    text = f"{HEAD}options:\n  - {{name: a, model: m, {option}}}\n"
    with pytest.raises(ConfigError, match=said) as error:
        loaded(tmp_path, text)
    assert "case.yaml:5: options.0" in str(error.value)


@pytest.mark.parametrize(
    ("blend", "said"),
    [
        (
            "{local: onw, vendor: api}",
            "local: no self-hosted option is called 'onw'; there are: own",
        ),
        ("{local: own, vendor: own}", "vendor: no API option is called 'own'; there are: api"),
        ("{local: api, vendor: own}", "local: no self-hosted option is called 'api'"),
        ("{local: own}", "vendor: this key is required"),
    ],
)
def test_blends_name_options_of_the_right_side(tmp_path: Path, blend: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, f"{HEAD}options:\n{OWN}{API}blends:\n  - {blend}\n")


def test_files_are_relative_to_the_scenario(tmp_path: Path) -> None:
    curve = (
        "{file: curve.csv, columns: {offered_per_s: a, completed_per_s: b}, percentile: 95, input_tokens: 5,"
        " output_tokens: 5, source: s, date: 2026-01-01}"
    )
    option = f"  - {{name: own, kind: owned, model: m, capacity: {{curve: {curve}}}}}\n"
    text = f"{HEAD}catalog: mine.csv\noptions:\n{option}"
    with pytest.raises(ConfigError, match=r"no such catalog: .*mine.csv"):
        loaded(tmp_path, text)
    (tmp_path / "mine.csv").touch()
    with pytest.raises(ConfigError, match=r":\d+: options\.0\..*: no such load curve: .*curve.csv"):
        loaded(tmp_path, text)
    (tmp_path / "curve.csv").touch()
    found = loaded(tmp_path, text)
    assert found.catalog == (tmp_path / "mine.csv").resolve()
    capacity = found.options[0].capacity
    assert capacity is not None
    assert capacity.curve is not None
    assert capacity.curve.file == (tmp_path / "curve.csv").resolve()


def test_a_policy_has_a_file_of_its_own(tmp_path: Path) -> None:
    file = written(tmp_path, "policy: {quality: {at_least: 0.8}, confidence: 0.9}\n")
    found = load_policy(file)
    assert (found.quality.at_least, found.confidence) == (0.8, 0.9)
    with pytest.raises(ConfigError, match="this is a policy"):
        load_scenario(file)
    with pytest.raises(ConfigError, match=r"policy.confidance: unknown key"):
        load_policy(written(tmp_path, "policy: {confidance: 0.9}\n"))


def test_what_has_no_weight_does_not_count(tmp_path: Path) -> None:
    weights = "policy: {weights: {quality: 3, data_control: 0.5}}"
    found = loaded(tmp_path, f"{HEAD}{weights}\n{AFTER}").policy.weights
    assert found is not None
    assert (found.quality, found.data_control, found.cost) == (3, 0.5, 0)
    assert loaded(tmp_path, f"{HEAD}{AFTER}").policy.weights is None


def test_a_run_config_is_no_scenario() -> None:
    with pytest.raises(ConfigError, match="this is a run config"):
        load_scenario(Path("configs/quickstart.yaml"))
