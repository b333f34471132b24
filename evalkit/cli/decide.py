"""What `report`, `tco` and `view` share: options, reading runs, deciding, and saying that it takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalkit.cli.arguments import CONFIG, INPUT
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.analysis.facts import RunFacts
    from evalkit.report.document import Decided, Look
    from evalkit.store.run_dir import Run

F = TypeVar("F", bound=Callable[..., Any])
LANGUAGES = ("en", "de")
"""As `evalkit.report.language` knows them; repeated here so that --help needs no library."""
SLOW_S = 1.0

lang_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    help="Language of the report.",
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is made of, and how it looks; its files are read anew each time."""

    folders: tuple[Path, ...]
    scenario: Path | None
    policy: Path | None
    lang: str
    theme: Path | None
    templates: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything but the runs."""
        own = () if self.templates is None else sorted(self.templates.rglob("*.j2"))
        named = (self.scenario, self.policy, self.theme, *own)
        return tuple(file for file in named if file is not None)


@dataclass(frozen=True, slots=True)
class Answer:
    """Runs with their facts, and the verdict where there is a scenario."""

    runs: tuple[tuple[Run, RunFacts], ...]
    decided: Decided | None


def question_options(command: F) -> F:
    """Add the options of a `Question`."""
    options = (
        click.option(
            "--scenario", "-s", type=CONFIG, help="Decide it, and put the verdict on top."
        ),
        click.option("--policy", type=CONFIG, help="Policy that replaces the scenario's."),
        lang_option,
        click.option("--theme", type=CONFIG, help="Company name, logo, colours, font (YAML)."),
        click.option(
            "--template-dir",
            "templates",
            metavar="DIR",
            type=INPUT,
            help="Templates that replace evalkit's of the same name.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def make_look(question: Question, *, is_live: bool = False) -> Look:
    """Return how a report is told and shown.

    Raises:
        ConfigError: The theme can't be used.
        UsageError: The folder replaces no template.
    """
    from evalkit.report.document import Look
    from evalkit.report.language import spoken
    from evalkit.report.theme import check_templates, read_theme

    if question.templates is not None:
        check_templates(question.templates)
    return Look(
        language=spoken(question.lang),
        theme=None if question.theme is None else read_theme(question.theme),
        templates=question.templates,
        is_live=is_live,
    )


def find_answer(question: Question, read: Callable[[Path], Run]) -> Answer:
    """Read, analyse and decide.

    Args:
        question: Runs, and perhaps a scenario.
        read: How a run directory is read.

    Raises:
        EvalkitError: A file is wrong, or a run can't be read.
    """
    from evalkit.analysis.summary import analyse
    from evalkit.api import Measured, decide

    if question.scenario is None and question.policy is not None:
        raise UsageError(
            "--policy decides a scenario, and there is none.",
            "Add --scenario FILE, such as configs/scenarios/start-up.yaml.",
        )
    runs = [Measured(run, analyse(run)) for run in map(read, question.folders)]
    decided = None
    if question.scenario is not None:
        decided = decide(runs, question.scenario, question.policy)
    return Answer(tuple((m.run, m.facts) for m in runs), decided)


@contextmanager
def patience(words: str) -> Iterator[None]:
    """Say what takes so long, after a second and only on a terminal."""
    from threading import Timer

    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    status = console.status(words)
    timer = Timer(SLOW_S, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
