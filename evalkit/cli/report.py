"""`evalkit report`: the report of one or more runs, with a verdict where there is a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from evalkit.cli.arguments import OUTPUT, RUN
from evalkit.cli.decide import Answer, Question, find_answer, make_look, patience, question_options
from evalkit.errors import UsageError

_STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class Form:
    """What is written."""

    kind: str
    """`html` or `md`."""
    is_one_page: bool
    is_pdf: bool

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return ".pdf" if self.is_pdf else f".{self.kind}"


@click.command("report", short_help="Write the report of runs, with a verdict if you like.")
@click.argument("folders", metavar="RUN...", nargs=-1, required=True, type=RUN)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "md"]),
    default="html",
    show_default=True,
    help="The whole report, or a summary in Markdown.",
)
@click.option("--one-page", is_flag=True, help="Only what fits one A4 page; needs a scenario.")
@click.option("--pdf", is_flag=True, help="Print it to PDF; needs Chromium, Chrome or Edge.")
@click.option(
    "--output",
    "-o",
    type=OUTPUT,
    help="File to write, - for stdout.  [default: RUN/report.html for one run; else NAME.html, .md, .pdf]",
)
@question_options
def command(
    folders: tuple[Path, ...],
    kind: str,
    one_page: bool,
    pdf: bool,
    output: Path | None,
    **more: Any,
) -> None:
    """Write one self-contained file: HTML, PDF, or a summary in Markdown. Several runs are compared in it.

    With a scenario it begins with the verdict: build, buy or blend. NAME is the scenario's name, else `report`.

    \b
    Examples:
      evalkit report results/quickstart-20261123-101500
      evalkit report results/monday results/tuesday -o comparison.html
      evalkit report results/measure-… results/capacity-… -s configs/scenarios/start-up.yaml --lang de
      evalkit report results/measure-… -s mine.yaml --one-page --pdf --theme configs/themes/example.yaml
      evalkit report results/quickstart-… --format md -o - | gh pr comment --body-file -
    """
    from evalkit.store.run_dir import open_run

    form = Form(kind, one_page, pdf)
    question = Question(folders=folders, **more)
    _check(form, question, output)
    with patience("making the report …"):
        look = make_look(question)
        answer = find_answer(question, open_run)
        page = _render(answer, look, form)
        place = output or _default_place(question, answer, form)
        written = _write(page, place, form, question)
    if written is not None:
        click.echo(written)


def _check(form: Form, question: Question, output: Path | None) -> None:
    """Refuse what can't be, before anything takes time.

    Raises:
        UsageError: The options don't go together, or there is no browser to print with.
    """
    if form.kind == "md" and (form.is_pdf or form.is_one_page):
        raise UsageError(
            "--format md is a text: it goes with neither --pdf nor --one-page.",
            "Leave out --format, or the other two.",
        )
    if form.is_one_page and question.scenario is None:
        raise UsageError(
            "--one-page shows a verdict, and without a scenario there is none.",
            "Add --scenario FILE, or take --format md for a short summary of runs.",
        )
    if form.is_pdf:
        from evalkit.report.pdf import find_browser

        if output is not None and output.suffix.lower() in (".html", ".htm", ".md"):
            raise UsageError(
                f"{output}: --pdf writes a PDF.", f"Use -o {output.with_suffix('.pdf')}."
            )
        find_browser()


def _render(answer: Answer, look: Any, form: Form) -> bytes:
    from evalkit.report.html import render_report
    from evalkit.report.markdown import render_markdown
    from evalkit.report.one_page import render_one_page

    if form.kind == "md":
        return render_markdown(answer.runs, answer.decided, look)
    if form.is_one_page and answer.decided is not None:
        return render_one_page(answer.runs, answer.decided, look)
    return render_report(answer.runs, answer.decided, look)


def _default_place(question: Question, answer: Answer, form: Form) -> Path | None:
    """Return the file in the working directory; None where the report belongs into its run's directory."""
    is_runs_own = answer.decided is None and len(question.folders) == 1
    if is_runs_own and form.suffix == ".html":
        return None
    name = "report" if answer.decided is None else answer.decided.scenario.name
    return Path(f"{name}{'-one-page' if form.is_one_page else ''}{form.suffix}")


def _write(page: bytes, place: Path | None, form: Form, question: Question) -> Path | None:
    """Write the report; return where, None for stdout."""
    from evalkit.store.files import write_atomic
    from evalkit.store.run_dir import REPORT, add_file

    if form.is_pdf:
        from evalkit.report.pdf import print_pdf

        if place == _STDOUT:
            raise UsageError("--pdf is not for a terminal.", "Use -o FILE.pdf.")
        assert place is not None
        print_pdf(page, place)
        return place
    if place is None:
        add_file(question.folders[0], REPORT, page)
        return question.folders[0] / REPORT
    if place == _STDOUT:
        click.echo(page, nl=False)
        return None
    write_atomic(place, page)
    return place
