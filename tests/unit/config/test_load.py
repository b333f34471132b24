"""A run config is checked completely, and every problem has an address."""

import json
from pathlib import Path

import pytest

from evalkit.config import (
    BenchConfig,
    GatePolicy,
    ModelSpec,
    RunConfig,
    ScenarioConfig,
    config_schema,
    load_config,
    load_run_config,
    parse_run_config,
)
from evalkit.errors import ConfigError
from tests.conftest import REPO

GOOD = """\
name: q
models:
  - name: a
    source: x
suites:
  - name: s
    tasks: [t]
"""


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_run_config(text, "run.yaml")
    return caught.value.message


def test_a_minimal_config_gets_the_documented_defaults() -> None:
    config = parse_run_config(GOOD)
    assert config.models[0].backend == "hf"
    assert config.suites[0].data_class == "internal"
    assert config.output.dir == Path("results")


def test_an_unknown_key_names_line_and_nearest_key() -> None:
    text = GOOD.replace("    source: x\n", "    source: x\n    dtyp: float32\n")
    assert problem(text) == "run.yaml:5: models.0.dtyp: unknown key 'dtyp'; did you mean 'dtype'?"


def test_a_wrong_type_names_line_key_and_value() -> None:
    text = GOOD.replace("[t]", "[t]\n    limit: many")
    assert "run.yaml:8: suites.0.limit:" in problem(text)
    assert "'many'" in problem(text)


def test_both_arms_of_a_union_are_told_in_one_sentence() -> None:
    text = GOOD.replace("source: x", "source: x\n    batch_size: some")
    assert problem(text).count("\n") == 0
    assert "'auto'" in problem(text)
    assert "whole number" in problem(text)


def test_a_missing_key_points_at_its_block() -> None:
    assert problem(GOOD.replace("    source: x\n", "")) == (
        "run.yaml:3: models.0.source: this key is required and missing."
    )


def test_all_problems_are_told_at_once() -> None:
    text = GOOD.replace("source: x", "dtype: int3").replace("[t]", "t")
    assert len(problem(text).splitlines()) == 3


def test_a_key_given_twice_is_an_error() -> None:
    assert "given twice" in problem(GOOD + "name: again\n")


def test_a_name_used_twice_is_an_error() -> None:
    text = GOOD.replace("models:\n", "models:\n  - {name: a, source: y}\n")
    assert "'a' is used more than once" in problem(text)


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b\n", "name: [unclosed"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert "run.yaml" in problem(text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: no such config file"):
        load_run_config(tmp_path / "absent.yaml")


def test_include_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    file = tmp_path / "run.yaml"
    file.write_text(GOOD + "include_paths: [mine]\n")
    assert load_run_config(file).include_paths == (tmp_path / "mine",)
    file.write_text(GOOD + "include_paths: [absent]\n")
    with pytest.raises(
        ConfigError,
        match=r"run.yaml:\d+: include_paths.0: no such folder: .*absent \(paths",
    ):
        load_run_config(file)


def test_specs_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_run_config(GOOD).name = "other"  # type: ignore[misc]


def test_the_schema_describes_every_key() -> None:
    schema = json.loads(json.dumps(config_schema()))
    for definition in [schema, *schema["$defs"].values()]:
        for key, field in definition["properties"].items():
            assert field.get("description"), key


@pytest.mark.parametrize("file", sorted((REPO / "configs").glob("*.yaml")), ids=lambda p: p.name)
def test_every_shipped_config_is_valid(file: Path) -> None:
    load_config(file)


def test_generation_is_a_word_or_settings() -> None:
    short = ModelSpec.model_validate({"name": "m", "source": "x", "generation": "fast"})
    long = ModelSpec.model_validate({"name": "m", "source": "x", "generation": {"mode": "fast"}})
    assert short == long
    assert ModelSpec(name="m", source="x").generation.mode is None


@pytest.mark.parametrize("changes", [{"generation": "quick"}, {"generation": {"mode": "slow"}}])
def test_another_way_to_generate_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="exact"):
        ModelSpec.model_validate({"name": "m", "source": "x", **changes})


def test_an_api_rounds_as_it_does() -> None:
    values = {"name": "m", "source": "x", "backend": "openai", "generation": "exact"}
    with pytest.raises(ValueError, match=r"generation\.mode.*means nothing"):
        ModelSpec.model_validate(values)


def test_a_schema_says_of_every_key_what_stands_below_it() -> None:
    parts = config_schema()["$defs"]
    assert parts["EndpointSpec"]["properties"]["extra_body"]["description"].startswith(
        "Further fields of every"
    )
    for kind in (RunConfig, BenchConfig, ScenarioConfig, GatePolicy):
        schema = config_schema(kind)
        for name, part in {"": schema, **schema["$defs"]}.items():
            for key, field in part.get("properties", {}).items():
                assert field.get("description") or "x-unit" in field, (name, key)
