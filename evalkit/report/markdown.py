"""Document → a summary in Markdown, for readers in a hurry and for pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from evalkit import __version__
from evalkit.analysis.facts import RunFacts
from evalkit.report.blocks import Table, flat
from evalkit.report.decision.cash import unit_table
from evalkit.report.document import Decided, Look, build_document
from evalkit.report.language import Spoken
from evalkit.report.page import Page
from evalkit.report.render.markdown import escaped, table_lines
from evalkit.report.templating import environment, own_templates
from evalkit.report.text_safety import visible
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, say, tell

TEMPLATE = "summary.md.j2"


def render_markdown(
    runs: Sequence[tuple[Run, RunFacts]], decided: Decided | None = None, look: Look | None = None
) -> bytes:
    """Render the summary; the same facts give the same bytes.

    Raises:
        ConfigError: The user's own template is broken.
    """
    look = look or Look()
    document = build_document(runs, decided, look.language)
    incomplete = () if document.decision is None else document.decision.verdict.incomplete
    costs: tuple[Table, ...] = ()
    if decided is not None and document.decision is not None:
        costs = (*document.decision.cash, unit_table(decided.case.facts))
    with own_templates(look.templates, TEMPLATE):
        text = (
            _environment(look.language, look.templates)
            .get_template(TEMPLATE)
            .render(
                document=document,
                decision=document.decision,
                page=document.run,
                incomplete=joined(incomplete) or say("something that only you can give"),
                costs=costs,
                sections=tuple(_sections(document.run)),
                version=__version__,
                theme=look.theme,
            )
        )
    return (re.sub(r"\n{3,}", "\n\n", text).strip() + "\n").encode()


def _environment(language: Spoken, templates: Path | None) -> Environment:
    """Return templates in which every text that is put in is told and escaped, so that only their own marks act."""
    made = environment(language, templates, _finished, is_html=False)
    made.filters["t"] = partial(_told, language)
    made.filters["code"] = _code
    made.filters["table"] = lambda table: Markup("\n".join(table_lines(table, language)))
    return made


def _finished(language: Spoken, value: object) -> object:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return escaped(tell(value, language))


def _told(language: Spoken, value: str) -> str:
    return tell(value, language)


def _code(text: str) -> Markup:
    """Return one line for an indented block of code, in which nothing is a mark."""
    return Markup(re.sub(r"\s+", " ", visible(text)).strip())


def _sections(page: Page) -> Iterator[tuple[Said, tuple[Table, ...]]]:
    """Yield the tables of runs, without rows in which nothing was measured."""
    if page.is_only_load:
        return
    yield say("What they get right"), tuple(map(_measured, page.quality))
    if page.classes is not None:
        for task in page.classes.tasks:
            yield task.title, task.tables
    yield say("How fast, and with how much memory"), (_measured(page.performance),)


def _measured(table: Table) -> Table:
    rows = (row for row in table.rows if not all(cell.is_missing for cell in row[1]))
    return flat(table.title, table.columns, tuple(rows), table.corner)
