"""Options and tasks by their titles: what a reader sees in place of the names that the scenario goes by."""

from __future__ import annotations

from dataclasses import replace

from evalkit.analysis.blend.facts import Point
from evalkit.config.scenario import OptionSpec, ScenarioConfig
from evalkit.wording import Titled, titled

_LANGUAGES = ("en", "de")


def titled_options(scenario: ScenarioConfig) -> tuple[OptionSpec, ...]:
    """Return the options with names that read as their titles."""
    names = {o.name: titled(o.name, o.title) for o in scenario.options}
    return tuple(
        o.model_copy(
            update={"name": names[o.name], "failover": names.get(o.failover or "", o.failover)}
        )
        for o in scenario.options
    )


def blend_name(local: str, vendor: str, scenario: ScenarioConfig) -> str:
    """Return what a blend is called: by both names, read as its own title or as theirs."""
    name = f"{local} + {vendor}"
    for pair in scenario.blends or ():
        if (pair.local, pair.vendor) == (local, vendor) and pair.title:
            return titled(name, pair.title)
    if not any(isinstance(part, Titled) for part in (local, vendor)):
        return name
    return titled(name, {code: f"{_in(code, local)} + {_in(code, vendor)}" for code in _LANGUAGES})


def _in(code: str, name: str) -> str:
    return name.in_language(code) if isinstance(name, Titled) else name


def titled_task(task: str, scenario: ScenarioConfig) -> str:
    """Return a task's name that reads as its title."""
    return titled(task, scenario.titles.get(task))


def titled_point(point: Point, scenario: ScenarioConfig) -> Point:
    """Return a setting of a blend whose tasks read as their titles."""
    return replace(point, tasks=tuple(titled_task(t, scenario) for t in point.tasks))
