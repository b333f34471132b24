"""Texts that try to get out of a report: as markup, as script, as style, as control characters, by sheer size.

Each is put where foreign text can get into a report: answers, prompts, expected answers, names, errors of servers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.store.run_dir import Run
from tests.builders import (
    api_entry,
    api_error,
    api_request,
    cell,
    endpoint,
    manifest,
    request,
    sample,
)

MARKER = "pwned"
"""Whatever of the corpus runs calls an alert, or leaves this name behind."""

CORPUS: dict[str, str] = {
    "script": "<script>alert('pwned');window.pwned=1</script>",
    "end of script": "</script><script>window.pwned=1</script>",
    "end of data block": '"}</script><img src=x onerror="window.pwned=1">',
    "end of style": "</style></title></textarea></pre></details><script>window.pwned=1</script>",
    "attribute": '"\'><svg onload=window.pwned=1><a href="javascript:window.pwned=1">x</a>',
    "unquoted attribute": " onmouseover=window.pwned=1 autofocus onfocus=window.pwned=1 x=",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"><script>window.pwned=1</script></svg>',
    "math": "<math><mtext><table><mglyph><style><img src onerror=window.pwned=1>",
    "iframe": '<iframe srcdoc="<script>parent.pwned=1</script>" src="https://example.com/"></iframe>',
    "object": '<object data="https://example.com/x"></object><embed src="https://example.com/y">',
    "link": '<link rel="stylesheet" href="https://example.com/x.css"><base href="https://example.com/">',
    "meta": '<meta http-equiv="refresh" content="0;url=https://example.com/">',
    "form": '<form action="https://example.com/"><input name="q"><button formaction="javascript:window.pwned=1">',
    "css url": "background:url(https://example.com/x.png)",
    "css import": "@import 'https://example.com/x.css'; x{width:expression(window.pwned=1)}",
    "comment": "<!-- not closed",
    "script in comment": "<!--<script>",
    "cdata": "<![CDATA[ ]]> ]]>",
    "javascript": "javascript:window.pwned=1//",
    "data link": "data:text/html,<script>window.pwned=1</script>",
    "markdown": "[x](javascript:window.pwned=1) ![x](https://example.com/x.png)",
    "template": "{{ 7*7 }} {% for x in ().__class__.__subclasses__() %}x{% endfor %} {# x #} ${7*7} <%= 7*7 %>",
    "placeholder": "{n} {all} {time} %(n)s %s {0} {",
    "entities": "&lt;b&gt; &amp;amp; &#x3c;script&#x3e; &nbsp &lt",
    "bidi": "user\u202egnp.exe \u2066x\u2069 \u061c",
    "zero width": "pass\u200bword\ufeff \u2060x",
    "tag characters": "x\U000e0041\U000e0042",
    "ansi": "\x1b[31mred\x1b]8;;https://example.com\x07link\x1b[0m",
    "controls": "a\x01\x07\x08\x0b\x0c\x0e\x7f\x80\x9fb",
    "line separators": "a\u2028b\u2029c\u0085d",
    "homoglyphs": "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e \u2039script\u203a",
    "formula": '=HYPERLINK("https://example.com","x")',
    "backslashes": '\\u003cscript\\u003e \\x3c \\\\" \\',
    "windows": "a\r\nb\rc",
}
"""Name → text. NUL and lone surrogates do not survive Parquet, but may come from a live run."""
IN_MEMORY = {"nul": "a\x00b", "lone surrogates": "a\ud800b\udfffc"}
LARGE = {
    "one line of 1 MB": "x" * 1_000_000,
    "10 000 nested tags": "<div><b>" * 10_000,
}


def everything() -> dict[str, str]:
    return {**CORPUS, **IN_MEMORY, **LARGE}


def run_of(texts: list[str], names: str = "", **changes: Any) -> Run:
    """A run whose docs, answers, errors and names are these texts; one model here, one behind an API.

    Args:
        texts: One doc each.
        names: Added to the names of models, tasks and the suite.
        changes: Fields of the run.
    """
    here, there, task, suite = f"own{names}", f"api{names}", f"t{names}", f"s{names}"
    where = endpoint(served_models=(f"served{names}",))
    cells = (
        cell(cell_id="a", model=here, suite=suite),
        cell(cell_id="b", model=there, suite=suite, endpoint=where),
    )
    samples, requests = [], []
    for i, text in enumerate(texts):
        same = {"task": task, "prompt": f"{text} {i}", "target": text, "response": text}
        samples.append(sample(i, cell_id="a", scores={"acc": 1.0}, **same))
        requests.append(request(i, request_id=f"a{i}", cell_id="a", task=task))
        failed = api_request("x", i, api_error(1000 * i, "server_error", error=text))
        failed = replace(failed, request_id=f"b{i}", cell_id="b", task=task)
        requests.append(failed)
        lost = {**same, "prompt": f"{text} {i} for the api", "response": ""}
        samples.append(sample(i, cell_id="b", scores={"acc": None}, flags=("failed",), **lost))
    entries = (
        api_entry(here, is_api=False, device="cpu"),
        api_entry(there),
    )
    values: dict[str, Any] = {
        "path": Path("r"),
        "manifest": manifest(cells=cells, models=entries, name=f"r{names}"),
        "requests": requests,
        "samples": samples,
        "results": [],
        "telemetry": [],
    }
    return Run(**{**values, **changes})
