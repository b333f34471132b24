"""Rewrites the data of the business tasks from a seed.

The committed files come from the default seed. Another seed gives instances that no
model can have met in training: same tasks, same difficulty, other docs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Doc = dict[str, object]
MakeDocs = Callable[[random.Random, int], list[Doc]]

HERE = Path(__file__).resolve().parent
DEFAULT_SEED = 20261123
DEFAULT_DOCS = 120
POOL = 18  # drawn before the test docs; its easy third becomes the few-shot examples


def task_names() -> list[str]:
    """Every folder beside this file that holds a generator."""
    return sorted(path.parent.name for path in HERE.glob("*/generator.py"))


def load_make_docs(name: str) -> MakeDocs:
    """``make_docs`` of one task, loaded by path because tasks are not an installed package."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))  # generators import the shared vocabulary
    module_name = f"{name}_generator"
    spec = importlib.util.spec_from_file_location(module_name, HERE / name / "generator.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"no generator for task {name!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses look their module up while it loads
    spec.loader.exec_module(module)
    make_docs: MakeDocs = module.make_docs
    return make_docs


def build(name: str, seed: int, docs: int) -> dict[str, list[Doc]]:
    """Both splits of one task; they come from one draw, so they cannot share a doc.

    Few-shot examples are easy docs only: that keeps every prompt short.
    """
    made = load_make_docs(name)(random.Random(f"{name}:{seed}"), POOL + docs)
    splits = {
        "fewshot": [doc for doc in made[:POOL] if doc["difficulty"] == 1],
        "test": made[POOL:],
    }
    return {split: with_ids(f"{name}-{seed}-{split}", rows) for split, rows in splits.items()}


def with_ids(prefix: str, docs: Sequence[Doc]) -> list[Doc]:
    """Ids carry the seed, so that docs of two seeds are never taken for each other."""
    return [{"id": f"{prefix}-{number:04d}", **doc} for number, doc in enumerate(docs)]


def write_jsonl(path: Path, docs: Sequence[Doc]) -> None:
    """One JSON object a line, with ``\\n`` line ends on every platform."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(doc, ensure_ascii=False) + "\n" for doc in docs)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def write_task(name: str, seed: int, docs: int, out: Path) -> None:
    """Replaces ``<out>/<name>/data/{test,fewshot}.jsonl``."""
    for split, rows in build(name, seed, docs).items():
        write_jsonl(out / name / "data" / f"{split}.jsonl", rows)


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, with the values the committed data was made with as defaults."""
    parser = argparse.ArgumentParser(description="Rewrite the data of the business tasks.")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another seed, other docs")
    parser.add_argument("--docs", type=int, default=DEFAULT_DOCS, help="test docs per task")
    parser.add_argument("--out", type=Path, default=HERE, help="folder that holds the task folders")
    parser.add_argument("--only", choices=task_names(), help="one task instead of all")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Rewrites the chosen tasks and says where."""
    args = parse_args(argv)
    for name in [args.only] if args.only else task_names():
        write_task(name, args.seed, args.docs, args.out)
        print(f"{args.out / name}: {args.docs} docs, seed {args.seed}")


if __name__ == "__main__":
    main()
