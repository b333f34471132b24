"""`evalkit view`: the report in a browser, made anew while its run goes on."""

from __future__ import annotations

import os
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.arguments import RUN
from evalkit.cli.decide import Question, find_answer, make_look, patience, question_options
from evalkit.cli.finish import stop_on_sigterm

if TYPE_CHECKING:
    from evalkit.report.live import LiveReport

_END_S = 2.0
"""How long a rendering that is under way may take to end."""


@click.command("view", short_help="Show the report in a browser, also while a run goes on.")
@click.argument("folders", metavar="RUN...", nargs=-1, required=True, type=RUN)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where to listen, 0: anywhere.  [default: 8417, or any when it is taken]",
)
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@question_options
def command(folders: tuple[Path, ...], port: int | None, no_browser: bool, **more: Any) -> None:
    """Serve the report to browsers on this machine, and nobody else; the page reloads when there is something new.

    A run that goes on shows what it has so far; so do changed scenarios and themes. Ctrl-C ends it. The run is only
    read: nothing waits for it, and nothing is written.

    \b
    Examples:
      evalkit view results/quickstart-20261123-101500
      evalkit view results/measure-… results/capacity-… -s mine.yaml --lang de
      evalkit view results/measure-… --port 9000 --no-browser
    """
    from evalkit.report.html import render_report
    from evalkit.report.language import spoken
    from evalkit.report.live import LiveReport, open_server
    from evalkit.store.live import read_live
    from evalkit.store.manifest import read_manifest

    question = Question(folders=folders, **more)
    make_look(question)
    for folder in folders:
        read_manifest(folder)

    def render() -> bytes:
        look = make_look(question, is_live=True)
        answer = find_answer(question, read_live)
        return render_report(answer.runs, answer.decided, look)

    report = LiveReport(render, folders, question.files, spoken(question.lang))
    stop = threading.Event()
    worker = threading.Thread(target=_keep_up, args=(report, stop), daemon=True)
    stop_on_sigterm()
    try:
        with open_server(report, port) as server:
            worker.start()
            click.echo(f"{server.url}  (Ctrl-C ends it)")
            if not no_browser:
                _open_browser(server.url)
            server.serve_forever()
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        stop.set()
    with patience("ending …"):
        worker.join(_END_S)


def _keep_up(report: LiveReport, stop: threading.Event) -> None:
    """Render behind everything else that wants the processor, such as a run that is measured."""
    if hasattr(os, "nice"):
        os.nice(19)
    report.keep_up(stop)


def _open_browser(url: str) -> None:
    """Open a window; a browser that would take over this terminal is left alone."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:
        browser.open(url)
