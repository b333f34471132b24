"""Words, numbers and dates mean what their key asks for, or are refused with line and key."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from evalkit.config import ModelSpec, RunConfig, load_config, parse_run_config
from evalkit.errors import ConfigError

CONFIG = """\
name: q
models:
  - name: {name}
    backend: openai
    source: {source}
    price:
      input: {price}
      output: 2
      source: offer
      date: {date}
    endpoint: {{extra_body: {{x: {extra}}}}}
suites:
  - {{name: s, tasks: [{task}], limit: {limit}}}
allow_task_code: {code}
"""
USUAL = {"name": "a", "source": "x", "price": "1", "date": "2026-11-01", "extra": "low", "task": "t",
         "limit": "5", "code": "false"}  # fmt: skip


def read(**written: str) -> RunConfig:
    return parse_run_config(CONFIG.format(**{**USUAL, **written}), "run.yaml")


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_run_config(text, "run.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "word", ["no", "on", "NO", "2026", "4.1", "1e10", "2026-11-01", "true", "010"]
)
def test_text_stays_as_it_is_written(word: str) -> None:
    config = read(name=word, source=word, task=word)
    assert (config.models[0].name, config.models[0].source, *config.suites[0].tasks) == (word,) * 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e6", 1e6),
        ("1E6", 1e6),
        ("1.0e+6", 1e6),
        ("1_000", 1000),
        ("+1", 1),
        (".5", 0.5),
        ("0x10", 16),
        ("'3'", 3),
    ],
)
def test_numbers_are_read_as_people_write_them(written: str, meant: float) -> None:
    price = read(price=written).models[0].price
    assert price is not None
    assert price.input == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("no", "a number, not yes or no; found no"),
        ("true", "a number, not yes or no"),
        (".inf", "finite"),
        (".nan", "finite"),
        ("inf", "finite"),
        ("1e999", "not as large"),
        ("1.5e30", "not as large"),
        ("1e30", "not as large"),
        ("1e-30", "0, or a number that is not as near to it"),
        ("9" * 400, "not as large"),
        ("010", "without a leading 0, such as 10"),
        ("12:30", "not a time of the day"),
        ("1,5", "with a decimal point, such as 1.5"),
        ("1.000.000", "without signs for thousands"),
        ("1.000,50", "without signs for thousands"),
        ("5%", "shares are written as 0.2"),
        ("five", "such as 1000, 0.5 or 1e6"),
        ("", "must be a number; found nothing"),
    ],
)
def test_what_is_no_number_is_refused_with_the_form_that_is(written: str, said: str) -> None:
    text = problem(CONFIG.format(**{**USUAL, "price": written}))
    assert text.startswith("run.yaml:7: models.0.price.input: must be")
    assert said in text
    assert len(text) < 260


def test_a_decimal_comma_in_braces_is_told() -> None:
    flow = CONFIG.replace("{{x: {extra}}}", "{{x: 1,5}}").replace(
        "extra_body", "concurrency: 1,5, extra_body"
    )
    assert "a decimal point, not a comma" in problem(flow.format(**USUAL))


def test_true_is_no_number_in_python_either() -> None:
    with pytest.raises(ValueError, match="must be a number, not true"):
        ModelSpec.model_validate({"name": "a", "source": "x", "max_length": True})


@pytest.mark.parametrize("written", ["2026-02-29", "2026-11-31", "0000-01-01"])
def test_a_day_that_does_not_exist_names_line_and_key(written: str) -> None:
    text = problem(CONFIG.format(**{**USUAL, "date": written}))
    assert (
        f"run.yaml:10: models.0.price.date: is no day of the calendar; found '{written}'." in text
    )


@pytest.mark.parametrize(
    "written", ["01.11.2026", "2026-1-5", "20261101", "0", "2026-11", "2026-11-01T10:00:00Z", "yes"]
)
def test_a_day_in_another_form_is_told_the_form(written: str) -> None:
    assert "must be a date such as 2026-11-23" in problem(
        CONFIG.format(**{**USUAL, "date": written})
    )


def test_a_day_is_a_day() -> None:
    price = read(date="2028-02-29").models[0].price
    assert price is not None
    assert price.date == datetime.date(2028, 2, 29)


@pytest.mark.parametrize(
    ("written", "meant"), [("yes", True), ("no", False), ("On", True), ("FALSE", False)]
)
def test_yes_and_no_are_true_and_false_where_these_are_asked_for(written: str, meant: bool) -> None:
    assert read(code=written).allow_task_code is meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("true", True), ("1e3", 1000), ("7", 7), ("12:30", "12:30"), ("'no'", "no"), ("2026-02-30", "2026-02-30"),
     ("null", None), ("[1, x]", [1, "x"]), ("y", "y")],
)  # fmt: skip
def test_where_any_type_is_taken_only_clear_spellings_are(written: str, meant: Any) -> None:
    assert read(extra=written).models[0].endpoint.extra_body == {"x": meant}


@pytest.mark.parametrize("written", ["yes", "no", "off", "010", ".inf", "1e999", "[1, {a: on}]"])
def test_where_any_type_is_taken_unclear_spellings_are_refused(written: str) -> None:
    assert "in quotes" in problem(CONFIG.format(**{**USUAL, "extra": written}))


def test_whole_numbers_may_be_written_with_an_exponent() -> None:
    assert read(limit="1e3").suites[0].limit == 1000
    assert "whole number; found 1.5" in problem(CONFIG.format(**{**USUAL, "limit": "1.5"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [*a]", "run.yaml:1: this alias stands for something that contains it"),
        ("a: &a {b: [{c: *a}]}", "contains it"),
        ("a: &a\n  <<: *a", "contains it"),
        ("name: q\nmodels: &m {x: 1, x: 2}", "run.yaml:2: not valid YAML: the key 'x' is given twice"),
        ("name: q\n\tmodels: 3", "run.yaml:2: not valid YAML: a tab"),
        ("name: q\n---\nname: r", "run.yaml:2: not valid YAML: a second document"),
        ("name: q\nmodels: !function a.b", "run.yaml:2: the tag '!function'"),
        ("a: !!python/object:os.system {}", "the tag '!!python/object:os.system'"),
        ("a: !!binary aGk=", "the tag '!!binary'"),
        ("? [a]\n: b", "a key must be text"),
        ("a: {<<: 3}", "'<<' takes a mapping"),
        ("name: x\nmodels: [y", "run.yaml:2: not valid YAML: what begins here never ends"),
        ("name: 'x", "run.yaml:1: not valid YAML: what begins here never ends"),
        ("a: b: c", "a colon where none is expected"),
        ("a: \x00", "run.yaml:1: not valid YAML: the character U+0000"),
        ("[" * 3000, "without end"),
        ("a0: &a0 [1, 2]\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)),
         "larger than any config"),
        ("name: q\nmodels: 5\nsuites: []", "run.yaml:2: models: must be a list; found '5'"),
        ("name: q\nmodels: [x]\nsuites: []", "models.0: must be a mapping with keys out of `name`, `backend`"),
    ],
)  # fmt: skip
def test_what_yaml_allows_and_a_config_does_not(text: str, said: str) -> None:
    assert said in problem(text)
    assert "Input should" not in problem(text)


def test_defaults_are_merged_and_own_keys_win() -> None:
    text = (
        "name: q\nmodels:\n  - &m {name: a, source: x, max_length: 8}\n  - {<<: *m, name: b}\n"
        "suites: [{name: s, tasks: [t]}]"
    )
    assert [(m.name, m.max_length) for m in parse_run_config(text).models] == [("a", 8), ("b", 8)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("name: Bücher".encode("cp1252"), r"run\.yaml:1: not UTF-8 text \(byte 0xfc\)"),
        ("name: q".encode("utf-16"), r"not UTF-8 text \(byte 0xff\)"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=said):
        load_config(file)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + CONFIG.format(**USUAL).encode())
    assert load_config(file)
