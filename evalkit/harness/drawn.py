"""Docs drawn at random: to be asked alone, or to be scored again."""

from __future__ import annotations

import random
from collections.abc import Sequence

from lm_eval.api.instance import Instance


def random_docs(instances: Sequence[Instance], n: int, seed: str) -> list[int]:
    """Return the positions of all requests of `n` random docs per task."""
    docs: dict[str, dict[int, None]] = {}
    for instance in instances:
        docs.setdefault(str(instance.task_name), {})[instance.doc_id] = None
    draw = random.Random(seed)
    chosen = {(t, d) for t, ids in docs.items() for d in draw.sample(list(ids), min(n, len(ids)))}
    return [p for p, i in enumerate(instances) if (str(i.task_name), i.doc_id) in chosen]


def drawn_docs(instances: Sequence[Instance], n: int | None, seed: str) -> frozenset[int]:
    """Return the positions of all requests of `n` random docs, whatever their task; of all docs for None."""
    docs = list(dict.fromkeys((str(i.task_name), i.doc_id) for i in instances))
    if n is None or n >= len(docs):
        return frozenset(range(len(instances)))
    chosen = set(random.Random(seed).sample(docs, n))
    return frozenset(p for p, i in enumerate(instances) if (str(i.task_name), i.doc_id) in chosen)
