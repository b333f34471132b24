"""What `gate` and `compare` share: the two sides, what may differ, and where the verdict is written."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalkit.cli.arguments import OUTPUT, RUN
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.config import GatePolicy
    from evalkit.gate.facts import GateResult

F = TypeVar("F", bound=Callable[..., Any])
ALLOWED = (
    "task-version",
    "fewshot",
    "template",
    "decoding",
    "limit",
    "mode",
    "documents",
    "hardware",
    "order",
)
"""As `evalkit.gate.conditions` knows them; repeated here so that --help needs no library."""


def show(parts: Iterable[Any]) -> None:
    """Print tables; a pipe or the log of a CI has no width of its own."""
    from rich.console import Console

    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 100)
    for part in parts:
        console.print(part)


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared, as the user named it."""

    baseline: Path
    candidate: Path
    baseline_model: str | None
    candidate_model: str | None
    allowed: tuple[str, ...]

    def decide(self, policy: GatePolicy, n_flips: int, *, is_judged: bool = True) -> GateResult:
        """Read both sides and judge them.

        Raises:
            UsageError: Which model is meant is not clear.
            DataError: They can't be compared.
        """
        from evalkit.api import gate
        from evalkit.cli.decide import patience

        models = (self.baseline_model, self.candidate_model)
        with patience("comparing …"):
            return gate(
                self.baseline,
                self.candidate,
                policy,
                models=models,
                allowed=self.allowed,
                n_flips=n_flips,
                is_judged=is_judged,
            )


def side_options(command: F) -> F:
    """Add the two sides; the command gets them as `sides`."""

    @functools.wraps(command)
    def with_sides(
        baseline: Path,
        candidate: Path,
        baseline_model: str | None,
        candidate_model: str | None,
        allowed: tuple[str, ...],
        **more: Any,
    ) -> Any:
        sides = Sides(baseline, candidate, baseline_model, candidate_model, allowed)
        return command(sides=sides, **more)

    options = (
        click.argument("baseline", metavar="BASELINE", type=RUN),
        click.argument("candidate", metavar="CANDIDATE", type=RUN),
        click.option("--baseline-model", metavar="NAME", help="Where its runs hold several."),
        click.option("--candidate-model", metavar="NAME", help="Where its runs hold several."),
        click.option(
            "--allow",
            "allowed",
            multiple=True,
            type=click.Choice(ALLOWED),
            help="Compare although this differs; repeatable.",
        ),
    )
    found: Any = with_sides
    for option in reversed(options):
        found = option(found)
    return found  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a verdict goes beside the terminal."""

    json: Path | None
    junit: Path | None
    markdown: Path | None
    html: Path | None
    metrics: Path | None
    ci: str
    lang: str
    n_flips: int
    is_quiet: bool

    def write(self, result: GateResult, sides: Sides) -> None:
        """Write every form that was asked for, and tell the CI it runs in.

        Raises:
            OutputError: A file can't be written.
        """
        self._write_files(result)
        if self.html is not None:
            _write_html(self.html, result, sides, self.lang)
        if self.is_github:
            _tell_github(result)
        if not self.is_quiet:
            _print(result)

    @property
    def is_github(self) -> bool:
        """Whether to speak to GitHub Actions: when asked, or when running in it."""
        found = self.ci == "auto" and os.environ.get("GITHUB_ACTIONS") == "true"
        return self.ci == "github" or found

    def _write_files(self, result: GateResult) -> None:
        from evalkit.store.files import write_atomic

        forms = (
            (self.json, _json),
            (self.junit, _junit),
            (self.markdown, _markdown),
            (self.metrics, _metrics),
        )
        for place, make in forms:
            if place is not None:
                write_atomic(place, make(result))


# each form is imported when it is asked for: some take longer to import than a gate takes


def _json(result: GateResult) -> bytes:
    from evalkit.gate.facts import gate_to_json

    return gate_to_json(result)


def _junit(result: GateResult) -> bytes:
    from evalkit.report.gate.junit import to_junit

    return to_junit(result)


def _markdown(result: GateResult) -> bytes:
    from evalkit.report.gate.markdown import to_markdown

    return to_markdown(result).encode()


def _metrics(result: GateResult) -> bytes:
    from evalkit.report.gate.annotations import gitlab_metrics

    return gitlab_metrics(result).encode()


def output_options(command: F) -> F:
    """Add where the verdict is written; the command gets it as `outputs`."""

    @functools.wraps(command)
    def with_outputs(**values: Any) -> Any:
        mine = {f.name: values.pop(f.name) for f in fields(Outputs)}
        return command(outputs=Outputs(**mine), **values)

    from evalkit.cli.decide import lang_option

    options = (
        click.option(
            "--json",
            type=OUTPUT,
            help="Write the result as JSON (`evalkit config schema --gate-result`).",
        ),
        click.option("--junit", type=OUTPUT, help="Write JUnit XML: a test case per rule."),
        click.option("--markdown", type=OUTPUT, help="Write a summary for a pull request."),
        click.option("--html", type=OUTPUT, help="Write a report with the verdict on top."),
        click.option("--metrics", type=OUTPUT, help="Write OpenMetrics text, as GitLab reads."),
        click.option(
            "--ci",
            type=click.Choice(["auto", "github", "none"]),
            default="auto",
            show_default=True,
            help="Annotations and job summary of GitHub Actions; auto: when running there.",
        ),
        lang_option,
        click.option(
            "--flips",
            "n_flips",
            type=click.IntRange(min=0),
            default=20,
            show_default=True,
            help="Documents to list on which the two differ.",
        ),
        click.option("--quiet", "-q", "is_quiet", is_flag=True, help="Print nothing."),
    )
    found: Any = with_outputs
    for option in reversed(options):
        found = option(found)
    return found  # type: ignore[no-any-return]


def _print(result: GateResult) -> None:
    from evalkit.report.gate.terminal import gate_tables

    show(gate_tables(result))


def _tell_github(result: GateResult) -> None:
    """Print annotations, and append the summary to the file GitHub names."""
    from evalkit.report.gate.annotations import github_annotations

    for line in github_annotations(result):
        click.echo(line)
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if place:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(_markdown(result).decode())


def _write_html(place: Path, result: GateResult, sides: Sides, lang: str) -> None:
    """Write the report of the sides' runs with the verdict on top.

    Raises:
        UsageError: Neither side has runs any more: there is nothing to report on.
    """
    from evalkit.api import report
    from evalkit.gate.measured import run_folders
    from evalkit.store.files import write_atomic

    # one run of each side is enough to read its answers; the numbers of all are in the verdict
    folders = [f[-1] for side in (sides.baseline, sides.candidate) if (f := run_folders(side))]
    if not folders:
        raise UsageError(
            "--html needs the runs of at least one side.",
            "Accepted baselines hold no answers; give a run directory, or leave out --html.",
        )
    write_atomic(place, report(dict.fromkeys(folders), gate=result, lang=lang))
