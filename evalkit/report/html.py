"""Document → one self-contained HTML file: no request to anywhere, readable without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from evalkit import __version__
from evalkit.analysis.facts import RunFacts
from evalkit.gate.facts import GateResult
from evalkit.report.document import Decided, Document, Look, build_document
from evalkit.report.explorer import Explorer, build_explorer
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.models import compared_models
from evalkit.report.pictures import load_figures, run_figures
from evalkit.report.templating import environment, own_templates
from evalkit.report.text_safety import visible
from evalkit.store.run_dir import Run
from evalkit.wording import tell

_FOLDER = files("evalkit.report")


def render_report(
    runs: Sequence[tuple[Run, RunFacts]],
    decided: Decided | None = None,
    look: Look | None = None,
    gate: GateResult | None = None,
) -> bytes:
    """Render the report of runs, with what was decided on top; the same facts give the same bytes.

    Args:
        runs: At least one run with its facts.
        decided: Scenario and verdict, where there are any.
        look: Language and looks.
        gate: Whether a candidate may replace its baseline, where one was judged or compared.
    """
    look = look or Look()
    document = build_document(runs, decided, look.language, gate)
    # packed here and not with the rest: the short forms have no room for every answer
    asked = [m for m in compared_models(runs) if not m.is_under_load]
    return _render(document, build_explorer(asked, look.language, document.docs), look)


def _render(document: Document, explorer: Explorer | None, look: Look) -> bytes:
    page, language = document.run, look.language
    js = static(*_scripts(document, explorer), *(("live.js",) if look.is_live else ()))
    return render_template(
        "report.html.j2",
        language,
        look.templates,
        document=document,
        figures={} if page.is_only_load else run_figures(page, language),
        load_figures=[] if page.load is None else load_figures(page.load, language),
        scorecard=document.scorecard,
        pareto=document.pareto,
        simulator=document.simulator,
        differences=document.differences,
        gate=document.gate,
        explorer=explorer,
        n_warnings=len(document.warnings),
        css=static(*_styles(document, explorer)) + (look.theme.css if look.theme else Markup("")),
        js=js,
        csp=content_security_policy(js, is_live=look.is_live),
        theme=look.theme,
    )


def _styles(document: Document, explorer: Explorer | None) -> Iterator[str]:
    yield from ("report.css", "decision.css")
    if document.run.load is not None:
        yield "load.css"
    if document.decision is not None:
        yield from ("scorecard.css", "simulator.css")
    if explorer is not None:
        yield "explorer.css"
    if document.gate is not None:
        yield "gate.css"


def _scripts(document: Document, explorer: Explorer | None) -> Iterator[str]:
    if document.decision is not None:
        from evalkit.report.decision.simulator import SCRIPTS

        yield from (*SCRIPTS, "scorecard.js")
    if explorer is not None:
        yield "explorer.js"
    yield "report.js"


def content_security_policy(js: str, *, is_live: bool = False) -> Markup:
    """Return what the page may do: run this one script, show pictures that are in it, and nothing else.

    Script that hostile text brought in would have another hash and not run.
    """
    digest = base64.b64encode(hashlib.sha256(js.encode()).digest()).decode()
    script = f"script-src 'sha256-{digest}'; " if js else ""
    connect = "connect-src 'self'; " if is_live else ""
    return Markup(
        f"default-src 'none'; {script}{connect}style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def render_template(
    name: str, language: Spoken = ENGLISH, templates: Path | None = None, **values: object
) -> bytes:
    """Fill a template; every text that is not our own markup comes out told, escaped and visible.

    Raises:
        ConfigError: One of the user's own templates is broken.
    """
    with own_templates(templates, name):
        template = _environment(language, templates).get_template(name)
        return template.render(version=__version__, lang=language.code, **values).encode()


def static(*names: str) -> Markup:
    """Return the package's own files, one after the other, to be put into the page as they are."""
    texts = ((_FOLDER / "static" / name).read_text(encoding="utf-8") for name in names)
    return Markup("".join(texts))


def _environment(language: Spoken, templates: Path | None) -> Environment:
    """Return the package's templates, compiled once; a user's may change between two reports."""
    return _ours(language) if templates is None else _made(language, templates)


@cache
def _ours(language: Spoken) -> Environment:
    return _made(language, None)


def _made(language: Spoken, templates: Path | None) -> Environment:
    made = environment(language, templates, _told, is_html=True)
    made.filters["t"] = partial(_told, language)
    # figures.py escapes every text it is given, so its pictures are markup
    made.filters["picture"] = Markup
    made.filters["sha256"] = lambda words: hashlib.sha256(words.encode()).hexdigest()
    return made


def _told(language: Spoken, value: object) -> object:
    """Say every text in the reader's language and neutralise it; our own markup is already safe."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(tell(value, language))
    return value
