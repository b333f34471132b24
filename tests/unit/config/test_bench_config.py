"""Bench configs: what they may say, and what an error tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.config import load_bench_config, load_config, load_run_config, parse_bench_config
from evalkit.config.bench import BenchConfig
from evalkit.errors import ConfigError

HEAD = "name: b\nmodels: [{name: m, backend: openai, source: x, endpoint: {base_url: 'http://h/v1'}}]\n"


def profile(text: str) -> str:
    return f"{HEAD}profiles:\n  - name: p\n    {text}\n"


def test_the_shipped_config_is_right() -> None:
    config = load_config(Path("configs/bench.yaml"))
    assert isinstance(config, BenchConfig)


def test_one_number_is_a_list_of_one() -> None:
    config = parse_bench_config(profile("load: {kind: constant, rates: 3}"))
    assert config.profiles[0].load.rates == (3.0,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("load: {kind: constnt, rates: 3}", "<config>:5: profiles.0.load.kind"),
        ("load: {kind: constant}", "load 'constant' needs 'rates'"),
        ("load: {kind: constant, rates: 3, speed: 2}", "'speed' means nothing for load 'constant'"),
        ("load: {kind: constant, rates: 0}", "greater than 0"),
        ("load: {kind: search}", "a search needs an 'slo'"),
        ("load: {kind: constant, rates: 3}\n    max_s: 10", "max_s is shorter"),
        ("load: {kind: constant, rates: 3}\n    promts: {}", "did you mean 'prompts'"),
        ("load: {kind: constant, rates: 3}\n    prompts: {lengths: [[5]]}", r"\[5\] is not"),
        ("load: {kind: constant, rates: 3}\n    prompts: {kind: tasks}", "need a 'suite'"),
    ],
)
def test_errors_name_line_key_and_value(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_bench_config(profile(text))


def test_a_missing_trace_is_told_with_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(profile("load: {kind: trace, file: t.csv}"))
    with pytest.raises(
        ConfigError, match=r"b.yaml:\d+: profiles.0.load.file: no such trace: .*t.csv"
    ):
        load_bench_config(file)


def test_a_served_model_has_the_address_of_its_server() -> None:
    text = HEAD.replace("endpoint: {base_url: 'http://h/v1'}", "serve: {command: [s], port: 8123}")
    config = parse_bench_config(text + "profiles: [{name: p, load: {kind: constant, rates: 1}}]")
    assert config.models[0].endpoint.base_url == "http://127.0.0.1:8123/v1"
    again = BenchConfig.model_validate(config.model_dump(mode="json"))
    assert again.models == config.models


def test_only_a_server_that_speaks_openais_api_can_be_served() -> None:
    text = "name: b\nmodels: [{name: m, source: x, serve: {command: [s]}}]\n"
    with pytest.raises(ConfigError, match="needs backend 'openai'"):
        parse_bench_config(text + "profiles: [{name: p, load: {kind: constant, rates: 1}}]")


def test_a_config_of_the_other_kind_is_told_so() -> None:
    with pytest.raises(ConfigError, match="this is a run config"):
        load_bench_config(Path("configs/quickstart.yaml"))
    with pytest.raises(ConfigError, match="this is a bench config"):
        load_run_config(Path("configs/bench.yaml"))
