"""Typed, frozen configs read from YAML, with errors that name file, line, key and value."""

from evalkit.config.load import load_run_config, parse_run_config, run_config_schema
from evalkit.config.run import (
    API_BACKENDS,
    EndpointSpec,
    GenerationDefaults,
    LimitsSpec,
    ModelSpec,
    OutputSpec,
    PriceSpec,
    RunConfig,
    SuiteSpec,
)

__all__ = [
    "API_BACKENDS",
    "EndpointSpec",
    "GenerationDefaults",
    "LimitsSpec",
    "ModelSpec",
    "OutputSpec",
    "PriceSpec",
    "RunConfig",
    "SuiteSpec",
    "load_run_config",
    "parse_run_config",
    "run_config_schema",
]
