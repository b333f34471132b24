"""YAML file → typed config. Every error says file, line, key, value and the nearest valid key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from evalkit.config.bench import BenchConfig, ProfileSpec
from evalkit.config.document import read_document
from evalkit.config.gate import GatePolicy
from evalkit.config.problems import sentences
from evalkit.config.run import RunConfig
from evalkit.config.scenario import OptionSpec, PolicyFile, PolicySpec, ScenarioConfig
from evalkit.config.theme import LARGEST_LOGO, LOGOS, ThemeConfig
from evalkit.errors import ConfigError

Config = RunConfig | BenchConfig | ScenarioConfig | GatePolicy
C = TypeVar("C", RunConfig, BenchConfig, ScenarioConfig, PolicyFile, ThemeConfig, GatePolicy)
WithTasks = TypeVar("WithTasks", RunConfig, BenchConfig)


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
    """Read and check a run config; `include_paths` become absolute.

    Raises:
        ConfigError: The file is missing, not YAML, or says something it may not.
    """
    return _with_tasks(_load(path, RunConfig), path)


def load_bench_config(path: Path) -> BenchConfig:
    """Read and check a bench config; `include_paths` and trace files become absolute.

    Raises:
        ConfigError: As `load_run_config`, or a trace is missing.
    """
    config = _with_tasks(_load(path, BenchConfig), path)
    return config.model_copy(
        update={"profiles": tuple(_with_trace(p, path) for p in config.profiles)}
    )


def load_scenario(path: Path) -> ScenarioConfig:
    """Read and check a scenario; the files it names become absolute.

    Raises:
        ConfigError: As `load_run_config`, or a file it names is missing.
    """
    config = _load(path, ScenarioConfig)
    catalog = None if config.catalog is None else _file(path, config.catalog, "", "catalog")
    options = tuple(_with_curve(o, path) for o in config.options)
    return config.model_copy(update={"catalog": catalog, "options": options})


def load_policy(path: Path) -> PolicySpec:
    """Read and check a file that holds nothing but a policy.

    Raises:
        ConfigError: As `load_run_config`.
    """
    return _load(path, PolicyFile).policy


def load_gate_policy(path: Path) -> GatePolicy:
    """Read and check a gate policy; the calibration it names becomes absolute.

    Raises:
        ConfigError: As `load_run_config`, or the calibration is missing.
    """
    policy = _load(path, GatePolicy)
    if policy.calibration is None:
        return policy
    file = _file(path, policy.calibration, "", "calibration")
    return policy.model_copy(update={"calibration": file})


def line_of(path: Path, *loc: str | int) -> int:
    """Return the line on which a key or a list item of a config begins; 1 where it says nothing of it."""
    return read_document(_read(path, "a config"), str(path)).lines.get(loc, 1)


def load_theme(path: Path) -> ThemeConfig:
    """Read and check a theme; the logo's path becomes absolute.

    Raises:
        ConfigError: As `load_run_config`, or the logo is missing, too large or no picture.
    """
    config = _load(path, ThemeConfig)
    if config.logo is None:
        return config
    lines = read_document(_read(path, "a theme"), str(path)).lines
    logo = (path.resolve().parent / config.logo).resolve()
    problem = _logo_problem(logo)
    if problem:
        raise ConfigError(
            f"{path}:{lines[('logo',)]}: logo: {problem}.",
            f"Give an SVG, PNG or JPEG of up to {LARGEST_LOGO // 1000} kB, relative to the theme file.",
        )
    return config.model_copy(update={"logo": logo})


def load_config(path: Path) -> Config:
    """Read a config of any kind: a bench config has `profiles`, a scenario `options`, a gate policy `rules`."""
    data = read_document(_read(path, "a config"), str(path)).data
    if "options" in data:
        return load_scenario(path)
    if "rules" in data:
        return load_gate_policy(path)
    return load_bench_config(path) if "profiles" in data else load_run_config(path)


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
    return _parse(_read(path, f"a {KINDS[kind].title}"), str(path), kind)


def _with_tasks(config: WithTasks, path: Path) -> WithTasks:
    folder = path.resolve().parent
    missing = [p for p in config.include_paths if not (folder / p).is_dir()]
    if missing:
        raise ConfigError(
            f"{path}: include_paths: no such folder: {missing[0]} (looked in {folder}).",
            "Paths in include_paths are relative to the config file.",
        )
    return config.model_copy(
        update={"include_paths": tuple((folder / p).resolve() for p in config.include_paths)}
    )


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


def _with_trace(profile: ProfileSpec, path: Path) -> ProfileSpec:
    """Return a profile whose trace has an absolute path."""
    if profile.load.file is None:
        return profile
    file = _file(path, profile.load.file, f"profile {profile.name!r}: ", "trace")
    load = profile.load.model_copy(update={"file": file})
    return profile.model_copy(update={"load": load})


def _with_curve(option: OptionSpec, path: Path) -> OptionSpec:
    """Return an option whose imported load curve has an absolute path."""
    capacity = option.capacity
    if capacity is None or capacity.curve is None:
        return option
    file = _file(path, capacity.curve.file, f"option {option.name!r}: ", "load curve")
    curve = capacity.curve.model_copy(update={"file": file})
    return option.model_copy(update={"capacity": capacity.model_copy(update={"curve": curve})})


def _logo_problem(logo: Path) -> str:
    """Say what is wrong with a logo; empty when nothing is."""
    if not logo.is_file():
        return f"no such file: {logo}"
    if logo.suffix.lower() not in LOGOS:
        return f"{logo.name} is neither SVG, PNG nor JPEG by its name"
    size = logo.stat().st_size
    return f"{logo.name} has {size / 1000:,.0f} kB" if size > LARGEST_LOGO else ""


def _file(path: Path, name: Path, where: str, what: str) -> Path:
    file = (path.resolve().parent / name).resolve()
    if not file.is_file():
        raise ConfigError(
            f"{path}: {where}no such {what}: {file}.", "The path is relative to the config file."
        )
    return file


def _parse(text: str, name: str, kind: type[C]) -> C:
    document = read_document(text, name)
    data = document.data
    mine = KINDS[kind].key
    others = [k for other, k in KINDS.items() if other is not kind and k.key in data]
    if mine not in data and len(others) == 1:
        raise ConfigError(
            f"{name}: this is a {others[0].title}.", f"Use it with `{others[0].command}`."
        )
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problems = list(sentences(error, name, document.lines, kind))
        hint = (
            "Start from configs/themes/example.yaml."
            if kind is ThemeConfig
            else "Check the file with `evalkit config check`."
        )
        raise ConfigError("\n".join(problems), hint) from None
