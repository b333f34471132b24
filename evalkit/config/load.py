"""YAML file → typed config. Every error says file, line, key, value and the nearest valid key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from evalkit.config.bench import BenchConfig
from evalkit.config.document import read_document
from evalkit.config.gate import GatePolicy
from evalkit.config.policy import PolicySpec
from evalkit.config.problems import sentences
from evalkit.config.run import RunConfig
from evalkit.config.scenario import PolicyFile, ScenarioConfig
from evalkit.config.theme import ThemeConfig
from evalkit.errors import ConfigError

Config = RunConfig | BenchConfig | ScenarioConfig | GatePolicy
C = TypeVar("C", bound=BaseModel)


class Kind(NamedTuple):
    """What a kind of file is called, the key that only it has, and the command that takes it."""

    title: str
    key: str
    command: str


KINDS: dict[type[BaseModel], Kind] = {
    RunConfig: Kind("run config", "suites", "evalkit run"),
    BenchConfig: Kind("bench config", "profiles", "evalkit bench"),
    ScenarioConfig: Kind("scenario", "options", "evalkit tco --scenario"),
    PolicyFile: Kind("policy", "policy", "evalkit tco --policy"),
    ThemeConfig: Kind("theme", "company", "evalkit report --theme"),
    GatePolicy: Kind("gate policy", "rules", "evalkit gate --policy"),
}


def load_run_config(path: Path) -> RunConfig:
    """Read and check a run config; the files and folders that it names become absolute, as in configs of every kind.

    Raises:
        ConfigError: The file is missing, not YAML, or says something it may not.
    """
    return _load(path, RunConfig)


def load_bench_config(path: Path) -> BenchConfig:
    """Read and check a bench config; as `load_run_config`."""
    return _load(path, BenchConfig)


def load_scenario(path: Path) -> ScenarioConfig:
    """Read and check a scenario; as `load_run_config`."""
    return _load(path, ScenarioConfig)


def load_policy(path: Path) -> PolicySpec:
    """Read and check a file that holds nothing but a policy; as `load_run_config`."""
    return _load(path, PolicyFile).policy


def load_gate_policy(path: Path) -> GatePolicy:
    """Read and check a gate policy; as `load_run_config`."""
    return _load(path, GatePolicy)


def load_theme(path: Path) -> ThemeConfig:
    """Read and check a theme; as `load_run_config`."""
    return _load(path, ThemeConfig)


def load_config(path: Path) -> Config:
    """Read a config of any kind but theme and policy, told by the key that only its kind has."""
    data = read_document(_read(path, "a config"), str(path)).data
    kinds: tuple[type[Config], ...] = (ScenarioConfig, GatePolicy, BenchConfig)
    return _load(path, next((kind for kind in kinds if KINDS[kind].key in data), RunConfig))


def line_of(path: Path, *loc: str | int) -> int:
    """Return the line on which a key or a list item of a config begins; 1 where it says nothing of it."""
    return read_document(_read(path, "a config"), str(path)).lines.get(loc, 1)


def parse_run_config(text: str, name: str = "<config>") -> RunConfig:
    """Check the text of a run config.

    Args:
        text: YAML.
        name: How errors call it, usually the file's path.

    Raises:
        ConfigError: With every problem found, one a line.
    """
    return _parse(text, name, RunConfig)


def parse_bench_config(text: str, name: str = "<config>") -> BenchConfig:
    """Check the text of a bench config; as `parse_run_config`."""
    return _parse(text, name, BenchConfig)


def config_schema(kind: type[Config] = RunConfig) -> dict[str, Any]:
    """JSON Schema of a config, for editors that complete and check YAML."""
    schema = kind.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _load(path: Path, kind: type[C]) -> C:
    text = _read(path, f"a {KINDS[kind].title}")
    return _parse(text, str(path), kind, path.resolve().parent)


def _read(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such config file.", f"Give the path of {what}, see configs/."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}.", f"Give {what}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise ConfigError(
            f"{path}:{line}: not UTF-8 text (byte 0x{byte:02x}).", "Save it as UTF-8 in the editor."
        ) from None


def _parse(text: str, name: str, kind: type[C], folder: Path | None = None) -> C:
    document = read_document(text, name)
    data = document.data
    mine = KINDS[kind].key
    others = [k for other, k in KINDS.items() if other is not kind and k.key in data]
    if mine not in data and len(others) == 1:
        raise ConfigError(
            f"{name}: this is a {others[0].title}.", f"Use it with `{others[0].command}`."
        )
    try:
        return kind.model_validate(data, context=folder)
    except ValidationError as error:
        problems = list(sentences(error, name, document.lines, kind))
        hint = (
            "Start from configs/themes/example.yaml."
            if kind is ThemeConfig
            else "Check the file with `evalkit config check`."
        )
        raise ConfigError("\n".join(problems), hint) from None
