"""Log-likelihoods over a trie: every token that requests share is computed once.

lm-eval runs the whole input again for every answer choice and puts every position through the output layer. Here all
inputs of a cell form a trie (`trie`); `schedule` cuts it into trunks, whose keys and values are kept, and rows, which
share forward passes (`attention`); only positions that predict a scored token go through the output layer.

    work of lm-eval     Σ over requests of (context + answer)
    work here           tokens of the trie

The oracle is `reference`; tests compare both on several architectures, and every cell compares some of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evalkit.engine.attention import ARGUMENT, PackedRows, packed_attention
from evalkit.engine.batching import release_memory, run_with_backoff
from evalkit.engine.kv import KvStore, LayerKV
from evalkit.engine.reference import Score, score_rows
from evalkit.engine.rows import RowGroup
from evalkit.engine.schedule import Limits, Row, Step, Trunk, last_uses, path, plan_steps
from evalkit.engine.trie import Node, build_trie, walk
from evalkit.errors import OutOfMemoryError

_LOGITS_AT_ONCE = 1 << 21
"""Elements of the float32 logits that are reduced together: they should stay in a CPU's cache."""


@dataclass(frozen=True, slots=True)
class SharedModel:
    """A model whose attention can be packed, and what is known about it."""

    model: Any
    device: torch.device
    windows: list[int | None]
    """Sliding window per layer."""
    bytes_per_token: int
    """Keys and values of one token in all layers."""


class SharedScorer:
    """Scores groups of requests over their common trie.

    Args:
        shared: The model.
        groups: Distinct inputs with their continuations.
        limits: Bounds of a forward pass.
    """

    def __init__(self, shared: SharedModel, groups: Sequence[RowGroup], limits: Limits) -> None:
        self._shared = shared
        self._groups = groups
        root = build_trie([g.inputs for g in groups], min(limits.row_tokens, limits.logit_rows))
        self._ledger = _Ledger(groups, root)
        self._steps = plan_steps(root, limits, self._ledger.scored)
        self._last_use = last_uses(self._steps)
        self._kv = KvStore(limits.kv_tokens)
        self.trie_tokens = root.size
        """Tokens computed when nothing has to be computed again."""
        self.computed_tokens = 0
        """Tokens put through the model so far."""

    def steps(self, done: Collection[int]) -> Iterator[list[tuple[int, list[Score]]]]:
        """Run step by step.

        Args:
            done: Groups whose scores are known; a step of nothing else is skipped.

        Yields:
            Per step, groups and a score for each of their continuations.
        """
        for index, step in enumerate(self._steps):
            if step.ends and all(end in done for end in step.ends):
                continue
            yield self._run(index, step)
        self._kv.clear()

    def _run(self, index: int, step: Step) -> list[tuple[int, list[Score]]]:
        try:
            with torch.inference_mode(), packed_attention(self._shared.model):
                run_with_backoff(step.rows, lambda rows: self._pass_over(index, rows))
        except OutOfMemoryError:  # a row of several requests may be too much where one is not
            self._kv.clear()
            release_memory()
            return [(end, self._alone(end)) for end in step.ends]
        return [(end, self._ledger.scores(end)) for end in step.ends]

    def _alone(self, end: int) -> list[Score]:
        rows = [self._groups[end].row]
        shared = self._shared
        return run_with_backoff(rows, lambda some: score_rows(shared.model, some, shared.device))[0]

    def _pass_over(self, index: int, rows: Sequence[Row]) -> list[None]:
        """Run rows of a step, after the trunks above them."""
        needed = list(dict.fromkeys(t for row in rows for t in path(row.trunk)))
        self._kv.make_room(needed, self._last_use, index)
        for trunk in needed:
            if trunk not in self._kv:
                self._compute_trunk(trunk)
        self._forward([row.nodes for row in rows], [row.trunk for row in rows], None)
        return [None] * len(rows)

    def _compute_trunk(self, trunk: Trunk) -> None:
        layers: dict[int, LayerKV] = {}
        self._forward([trunk.nodes], [trunk.parent], layers)
        self._kv.put(trunk, layers)

    def _forward(
        self,
        rows: list[tuple[Node, ...]],
        trunks: list[Trunk | None],
        kept: dict[int, LayerKV] | None,
    ) -> None:
        """Compute rows below trunks; enter scores into the ledger, keys and values into `kept`."""
        shared = self._shared

        def keep(layer: int, k: torch.Tensor, v: torch.Tensor) -> None:
            assert kept is not None
            kept[layer] = k.contiguous(), v.contiguous()

        positions = [_positions(nodes) for nodes in rows]
        packed = PackedRows(
            positions=positions,
            until=[_until(nodes) for nodes in rows],
            above=[trunk.end if trunk else 0 for trunk in trunks],
            windows=shared.windows,
            trunk_kv=lambda layer: self._kv.above(trunks, layer),
            keep=None if kept is None else keep,
        ).to(shared.device, shared.model.dtype)
        nodes = [node for row in rows for node in row]
        picks = self._ledger.picks(nodes)
        ids = [token for node in nodes for token in node.tokens]
        scored, line = np.unique(picks.place, return_inverse=True)
        logits = forward(shared, ids, [p for row in positions for p in row], packed, scored)
        self.computed_tokens += len(ids)
        self._ledger.enter(picks, line, logits)


def forward(
    shared: SharedModel,
    ids: list[int],
    positions: list[int],
    packed: Any,
    scored: np.ndarray[Any, Any],
) -> torch.Tensor:
    """Run one stretch of tokens.

    Args:
        shared: The model.
        ids: Token ids `[tokens]`.
        positions: Their positions.
        packed: The `Pass` its attention layers are handed.
        scored: Places of the stretch, ascending, that go through the output layer.

    Returns:
        Logits `[scored, vocab]`.
    """
    device = shared.device
    # a model must be asked for one position at least
    wanted = torch.as_tensor(scored if len(scored) else [len(ids) - 1], device=device)
    logits: torch.Tensor = shared.model(
        torch.tensor([ids], device=device),
        position_ids=torch.tensor([positions], device=device),
        use_cache=False,
        logits_to_keep=wanted,
        **{ARGUMENT: packed},
    ).logits[0]
    return logits[: len(scored)]


@dataclass(frozen=True, slots=True)
class _Picks:
    """Scored tokens of a stretch; three arrays of the same length."""

    place: np.ndarray[Any, Any]
    """Where in the stretch the token is predicted."""
    token: np.ndarray[Any, Any]
    slot: np.ndarray[Any, Any]
    """Where in the ledger its log-probability belongs."""


class _Ledger:
    """Log-probabilities of every scored token, entered as they are computed; entering twice does no harm."""

    def __init__(self, groups: Sequence[RowGroup], root: Node) -> None:
        self._groups = groups
        self._first: list[list[int]] = []
        n_slots = 0
        for group in groups:
            self._first.append([])
            for scored in group.scored:
                self._first[-1].append(n_slots)
                n_slots += len(scored.target)
        self._logprob = np.full(n_slots, np.nan)
        self._is_best = np.zeros(n_slots, dtype=bool)
        self._of_node: dict[Node, list[tuple[int, int, int]]] = {}
        for node in walk(root):
            for end in node.ends:
                self._place(node, end)
        self.scored = {n: len({place for place, _, _ in p}) for n, p in self._of_node.items()}
        """Positions per node that go through the output layer."""

    def _place(self, last: Node, end: int) -> None:
        """Note on the nodes above the end of a sequence which of their positions predict its targets."""
        group = self._groups[end]
        for first, scored in zip(self._first[end], group.scored, strict=True):
            start = len(group.inputs) - len(scored.target)  # position that predicts the first token
            node: Node | None = last
            while node is not None and node.end > start:
                picks = self._of_node.setdefault(node, [])
                for position in range(max(start, node.start), node.end):
                    offset = position - start
                    picks.append((position - node.start, scored.target[offset], first + offset))
                node = node.parent

    def picks(self, nodes: Sequence[Node]) -> _Picks:
        """Return the scored tokens of nodes laid out one after the other."""
        rows, start = [], 0
        for node in nodes:
            rows += [
                (start + place, token, slot) for place, token, slot in self._of_node.get(node, ())
            ]
            start += len(node.tokens)
        array = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return _Picks(array[:, 0], array[:, 1], array[:, 2])

    def enter(self, picks: _Picks, line: np.ndarray[Any, Any], logits: torch.Tensor) -> None:
        """Enter log-probabilities from `logits` `[unique places, vocab]`, `line` by pick, computed in float32."""
        if not len(picks.slot):
            return
        order = np.argsort(line, kind="stable")
        line, token, slot = line[order], picks.token[order], picks.slot[order]
        size = max(1, _LOGITS_AT_ONCE // logits.shape[1])
        for start in range(0, len(logits), size):
            low, high = np.searchsorted(line, (start, start + size))
            chunk = logits[start : start + size].float()
            lines = torch.as_tensor(line[low:high] - start, device=chunk.device)
            tokens = torch.as_tensor(token[low:high], device=chunk.device)
            logprob, is_best = _logprobs(chunk, lines, tokens)
            self._logprob[slot[low:high]] = logprob.cpu().numpy()
            self._is_best[slot[low:high]] = is_best.cpu().numpy()

    def scores(self, end: int) -> list[Score]:
        """Return a score per continuation of a group."""
        found = []
        for first, scored in zip(self._first[end], self._groups[end].scored, strict=True):
            slots = slice(first, first + len(scored.target))
            total = float(self._logprob[slots].sum())
            found.append(Score(total, bool(self._is_best[slots].all())))
        return found


def _logprobs(
    logits: torch.Tensor, lines: torch.Tensor, tokens: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return log-probability of each token on its line of `logits` `[lines, vocab]`, and whether it is the argmax."""
    chosen = logits[lines, tokens]
    highest = logits.amax(dim=-1)
    is_best = chosen == highest[lines]
    # argmax takes one of several equal ones; it is slow, so only where it matters
    if is_best.any():
        best = torch.unique(lines[is_best])
        argmax = torch.full_like(highest, -1, dtype=torch.long)
        argmax[best] = logits[best].argmax(dim=-1)
        is_best = argmax[lines] == tokens
    total = (logits - highest[:, None]).exp_().sum(dim=-1).log_()
    return (chosen - highest[lines] - total[lines]).double(), is_best


def _positions(nodes: Sequence[Node]) -> list[int]:
    return [p for node in nodes for p in range(node.start, node.end)]


def _until(nodes: Sequence[Node]) -> list[int]:
    """Return for every token of a row where what continues it ends."""
    stops = [0] * len(nodes)
    opened: list[int] = []
    place = 0
    for index, node in enumerate(nodes):
        while opened and nodes[opened[-1]] is not node.parent:
            stops[opened.pop()] = place
        opened.append(index)
        place += len(node.tokens)
    for index in opened:
        stops[index] = place
    return [stops[i] for i, node in enumerate(nodes) for _ in node.tokens]
