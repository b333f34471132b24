"""`evalkit plan --prompts`: the requests of some docs, as text for a reader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evalkit.errors import ModelError

if TYPE_CHECKING:
    from evalkit.harness.shown import ShownPrompt, Wanted
    from evalkit.plan import Cell, Plan


def prompts_of(plan: Plan, wanted: Wanted) -> Iterator[ShownPrompt | str]:
    """Yield what each model gets of each task, or a sentence on why that can't be shown."""
    from evalkit.backends import writer

    cells: dict[str, list[Cell]] = {}
    for cell in (c for c in plan.cells if c.repeat == 0):
        cells.setdefault(cell.model.name, []).append(cell)
    for name, some in cells.items():
        model = some[0].model
        try:
            found = writer(model)
        except ModelError as error:
            yield f"Model {name}: prompts not shown: {error.message}"
            continue
        if found is None:
            yield f"Model {name}: prompts not shown: {model.source} is not on this machine."
            continue
        from evalkit.harness.shown import shown_prompts

        for cell in some:
            yield from shown_prompts(
                model,
                cell.suite,
                found,
                wanted,
                mode=cell.mode,
                include_paths=plan.config.include_paths,
                allow_code=plan.config.allow_task_code,
            )


def lines_of(shown: ShownPrompt | str) -> Iterator[str]:
    """Yield a prompt as lines; each line of the text itself begins with a bar, so that its end is seen."""
    if isinstance(shown, str):
        yield shown
        return
    yield ""
    yield f"{shown.model} · {shown.suite} · {shown.task} · doc {shown.doc_id}"
    turns, rest = _turns(shown.request)
    for who, text in turns:
        yield who
        yield from (f"│ {_printable(line)}" for line in text.split("\n"))
    for key, value in rest.items():
        yield f"{key}: {json.dumps(value, ensure_ascii=False, default=str)}"
    if shown.stops:
        yield f"cut at: {json.dumps(shown.stops, ensure_ascii=False)} (the answer, when it arrives)"
    for continuation in shown.continuations:
        yield f"scored: {json.dumps(continuation, ensure_ascii=False)}"
    yield f"right: {json.dumps(shown.target, ensure_ascii=False)} (not sent)"


def as_dict(shown: ShownPrompt | str) -> dict[str, Any]:
    """Return a prompt for JSON."""
    return {"note": shown} if isinstance(shown, str) else asdict(shown)


def _turns(request: Mapping[str, Any]) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Return who says what, whichever way a vendor's API wants it, and all other fields."""
    rest = dict(request)
    config = rest.get("config")
    if isinstance(config, dict) and "system_instruction" in config:
        rest["config"] = {k: v for k, v in config.items() if k != "system_instruction"}
        rest["system"] = config["system_instruction"]
    turns = [(f"[{key}]", str(rest.pop(key))) for key in ("prompt", "system") if key in rest]
    for key in ("messages", "contents"):
        for turn in rest.pop(key, ()):
            content = turn.get("content", turn.get("parts"))
            parts = content if isinstance(content, list) else [{"text": content}]
            turns.append((f"[{turn['role']}]", "".join(str(part["text"]) for part in parts)))
    return turns, rest


def _printable(line: str) -> str:
    """Return a line without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in line)
