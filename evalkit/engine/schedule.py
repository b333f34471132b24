"""What is computed when: cuts a trie into trunks, whose keys and values are kept, and rows, which are computed once.

A row is a whole subtree in one stretch of tokens; a mask keeps its branches apart, so that nothing of it needs to be
kept. A trunk is a stretch that many rows continue. Rows of different documents share a forward pass.

The schedule is a function of the trie and the limits alone: a resumed run computes the passes of an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.engine.trie import Node, walk

WORTH_KEEPING = 48
"""Tokens a trunk must save: its own forward pass costs about as much as these, reading every weight once."""
BUNDLE_TOKENS = 128
"""Short branches of one trunk share a row up to this length: attention then reads the trunk's keys less often."""
_PADDING = 2.0
"""Rows share a pass while their padded attention stays below this multiple of the attention needed."""
_SMALL_AREA = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one forward pass may hold."""

    row_tokens: int
    """Longest subtree that is computed as one row."""
    batch_tokens: int
    """Tokens of a pass, unless a single row has more."""
    logit_rows: int
    """Positions of a pass that go through the output layer, unless a single row has more."""
    requests: int | None
    """Requests of a pass; None: no limit."""
    kv_tokens: int
    """Tokens whose keys and values may be kept at a time."""


@dataclass(frozen=True, eq=False, slots=True)
class Trunk:
    """Tokens whose keys and values are kept while rows below need them."""

    parent: Trunk | None
    nodes: tuple[Node, ...]

    @property
    def n_tokens(self) -> int:
        """Tokens of this trunk, without those above."""
        return sum(len(node.tokens) for node in self.nodes)

    @property
    def end(self) -> int:
        """Tokens down to and including this trunk."""
        return self.nodes[-1].end


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """Subtrees computed as one stretch of tokens, after `trunk`."""

    trunk: Trunk | None
    nodes: tuple[Node, ...]
    """Parents first, one branch after the other."""
    ends: tuple[int, ...]
    """Sequences whose scores are known once this row is computed."""

    @property
    def n_tokens(self) -> int:
        """Tokens of the row."""
        return sum(len(node.tokens) for node in self.nodes)


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """Rows of one forward pass."""

    rows: tuple[Row, ...]

    @property
    def ends(self) -> tuple[int, ...]:
        """Sequences whose scores are known after this step."""
        return tuple(end for row in self.rows for end in row.ends)


@dataclass(frozen=True, slots=True)
class _Visit:
    node: Node
    trunk: Trunk | None
    carried: tuple[Node, ...]
    """Nodes between the trunk and this one: not worth keeping, so every row below computes them again."""


def path(trunk: Trunk | None) -> tuple[Trunk, ...]:
    """Return a trunk and those above it, topmost first."""
    found: list[Trunk] = []
    while trunk is not None:
        found.append(trunk)
        trunk = trunk.parent
    return tuple(reversed(found))


def plan_steps(root: Node, limits: Limits, scored: Mapping[Node, int]) -> list[Step]:
    """Cut a trie into steps, depth first, longest branches first.

    Args:
        root: From `build_trie`.
        limits: Bounds of a forward pass.
        scored: Positions of a node that go through the output layer.
    """
    steps: list[Step] = []
    batch = _Batch(limits, scored)
    for row in _bundles(_rows(root, limits, scored), limits):
        if batch.rows and not batch.has_room(row):
            steps.append(Step(tuple(batch.rows)))
            batch = _Batch(limits, scored)
        batch.add(row)
    return [*steps, Step(tuple(batch.rows))] if batch.rows else steps


def _rows(root: Node, limits: Limits, scored: Mapping[Node, int]) -> Iterator[Row]:
    """Yield a row per subtree that is small enough; sequences that end above it belong to the first row below."""
    n_ends = _sums_below(root, lambda node: len(node.ends))
    n_scored = _sums_below(root, lambda node: scored.get(node, 0))
    stack = [_Visit(root, None, ())]
    waiting: list[int] = []
    while stack:
        visit = stack.pop()
        node, carried = visit.node, (*visit.carried, visit.node)
        is_small = (
            _length(visit.carried) + node.size <= limits.row_tokens
            and n_scored[node] <= limits.logit_rows
            and (limits.requests is None or n_ends[node] <= limits.requests)
        )
        if is_small or not node.children:
            below = list(walk(node))
            ends = (*waiting, *(end for n in below for end in n.ends))
            waiting.clear()
            yield Row(visit.trunk, (*visit.carried, *below), ends)
            continue
        waiting.extend(node.ends)
        trunk = visit.trunk
        is_heavy = sum(scored.get(n, 0) for n in carried) >= limits.logit_rows // 2
        if _is_worth_keeping(visit, limits, is_heavy):
            trunk, carried = Trunk(trunk, carried), ()
        stack.extend(_Visit(child, trunk, carried) for child in reversed(node.children))


def _sums_below(root: Node, of: Callable[[Node], int]) -> dict[Node, int]:
    """Return for every node the sum over itself and all nodes below."""
    sums: dict[Node, int] = {}
    for node in reversed(list(walk(root))):
        sums[node] = of(node) + sum(sums[child] for child in node.children)
    return sums


def _is_worth_keeping(visit: _Visit, limits: Limits, is_heavy: bool) -> bool:
    """Decide whether a node becomes a trunk; one with many scored positions does, to bound a pass's logits."""
    node = visit.node
    n_tokens = _length(visit.carried) + len(node.tokens)
    if n_tokens == 0 or node.end > limits.kv_tokens:
        return False
    saved = (len(node.children) - 1) * n_tokens
    return saved >= WORTH_KEEPING or n_tokens >= limits.row_tokens // 2 or is_heavy


def _length(nodes: Sequence[Node]) -> int:
    return sum(len(node.tokens) for node in nodes)


def _bundles(rows: Iterator[Row], limits: Limits) -> Iterator[Row]:
    """Join short neighbours below the same trunk."""
    bundle: list[Row] = []
    for row in rows:
        n_tokens = sum(r.n_tokens for r in bundle) + row.n_tokens
        fits = n_tokens <= min(BUNDLE_TOKENS, limits.batch_tokens) and row.trunk is not None
        n_requests = sum(len(r.ends) for r in bundle) + len(row.ends)
        allowed = limits.requests is None or n_requests <= limits.requests
        if bundle and not (fits and allowed and row.trunk is bundle[0].trunk):
            yield _joined(bundle)
            bundle = []
        bundle.append(row)
    if bundle:
        yield _joined(bundle)


def _joined(rows: list[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    nodes = tuple(dict.fromkeys(node for row in rows for node in row.nodes))
    return Row(rows[0].trunk, nodes, tuple(end for row in rows for end in row.ends))


class _Batch:
    """Collects rows until a limit is reached."""

    def __init__(self, limits: Limits, scored: Mapping[Node, int]) -> None:
        self.rows: list[Row] = []
        self._limits = limits
        self._scored = scored
        self._n_tokens = self._n_scored = self._n_requests = self._needed_area = 0
        self._longest = self._deepest = 0
        self._trunks: dict[Trunk, int] = {}

    def add(self, row: Row) -> None:
        """Take a row in, whether or not there is room."""
        self.rows.append(row)
        self._n_tokens += row.n_tokens
        self._n_scored += self._scored_of(row)
        self._n_requests += len(row.ends)
        self._longest, self._deepest = self._padded_with(row)
        self._needed_area += _area(row)
        self._trunks |= {trunk: trunk.n_tokens for trunk in path(row.trunk)}

    def has_room(self, row: Row) -> bool:
        """Tell whether a row may share the pass."""
        limits = self._limits
        longest, deepest = self._padded_with(row)
        padded = (len(self.rows) + 1) * longest * (deepest + longest)
        kept = self._trunks | {trunk: trunk.n_tokens for trunk in path(row.trunk)}
        return (
            self._n_tokens + row.n_tokens <= limits.batch_tokens
            and self._n_scored + self._scored_of(row) <= limits.logit_rows
            and (limits.requests is None or self._n_requests + len(row.ends) <= limits.requests)
            and padded <= _PADDING * (self._needed_area + _area(row)) + _SMALL_AREA
            and sum(kept.values()) <= limits.kv_tokens
        )

    def _scored_of(self, row: Row) -> int:
        return sum(self._scored.get(node, 0) for node in row.nodes)

    def _padded_with(self, row: Row) -> tuple[int, int]:
        deepest = row.trunk.end if row.trunk else 0
        return max(self._longest, row.n_tokens), max(self._deepest, deepest)


def _area(row: Row) -> int:
    n_tokens, above = row.n_tokens, row.trunk.end if row.trunk else 0
    return n_tokens * (above + n_tokens)


def last_uses(steps: Sequence[Step]) -> dict[Trunk, int]:
    """Return after which step a trunk is no longer needed."""
    return {
        trunk: index
        for index, step in enumerate(steps)
        for row in step.rows
        for trunk in path(row.trunk)
    }
