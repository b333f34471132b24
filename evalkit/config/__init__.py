"""Typed, frozen configs read from YAML, with errors that name file, line, key and value."""

from evalkit.config.bench import (
    BenchConfig,
    LoadSpec,
    ProfileSpec,
    PromptSpec,
    SloSpec,
)
from evalkit.config.gate import GatePolicy
from evalkit.config.load import (
    config_schema,
    load_bench_config,
    load_config,
    load_gate_policy,
    load_policy,
    load_run_config,
    load_scenario,
    load_theme,
    parse_bench_config,
    parse_run_config,
)
from evalkit.config.policy import PolicySpec
from evalkit.config.run import (
    EndpointSpec,
    GenerationDefaults,
    LimitsSpec,
    ModelSpec,
    OutputSpec,
    PriceSpec,
    RunConfig,
    ServeSpec,
    SuiteSpec,
)
from evalkit.config.scenario import OptionSpec, ScenarioConfig
from evalkit.config.theme import ThemeConfig

__all__ = [
    "BenchConfig",
    "EndpointSpec",
    "GatePolicy",
    "GenerationDefaults",
    "LimitsSpec",
    "LoadSpec",
    "ModelSpec",
    "OptionSpec",
    "OutputSpec",
    "PolicySpec",
    "PriceSpec",
    "ProfileSpec",
    "PromptSpec",
    "RunConfig",
    "ScenarioConfig",
    "ServeSpec",
    "SloSpec",
    "SuiteSpec",
    "ThemeConfig",
    "config_schema",
    "load_bench_config",
    "load_config",
    "load_gate_policy",
    "load_policy",
    "load_run_config",
    "load_scenario",
    "load_theme",
    "parse_bench_config",
    "parse_run_config",
]
