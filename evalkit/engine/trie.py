"""A radix trie of token sequences: what requests have in common appears once.

[few-shot examples] ── [question 1] ─┬─ [answer a]
                   │                 └─ [answer b]
                   └── [question 2] ─── …
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Tokens = tuple[int, ...]


@dataclass(eq=False, slots=True)
class Node:
    """The tokens between two branchings."""

    start: int
    """Tokens above this node: the position of its first token."""
    tokens: Tokens
    parent: Node | None
    children: list[Node] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """Sequences whose last token is this node's last token."""
    size: int = 0
    """Tokens of the node and everything below it."""

    @property
    def end(self) -> int:
        """Tokens down to and including this node."""
        return self.start + len(self.tokens)


def build_trie(sequences: Sequence[Tokens], longest_edge: int) -> Node:
    """Build the trie of `sequences`, which must differ from each other and not be empty.

    Args:
        sequences: Token ids.
        longest_edge: Longer stretches without a branch become chains of nodes of at most this many tokens.

    Returns:
        The root, which holds no token. Children with the most tokens below them come first.
    """
    root = Node(0, (), None)
    stack = [root]
    previous: Tokens = ()
    for index in sorted(range(len(sequences)), key=sequences.__getitem__):
        sequence = sequences[index]
        common = _common_length(previous, sequence)
        while stack[-1].end > common:
            below = stack.pop()
            if below.start < common:
                stack.append(_split(below, common - below.start))
        leaf = Node(common, sequence[common:], stack[-1], ends=[index])
        stack[-1].children.append(leaf)
        stack.append(leaf)
        previous = sequence
    _cut_long_edges(root, longest_edge)
    for node in reversed(list(walk(root))):
        node.size = len(node.tokens) + sum(child.size for child in node.children)
        node.children.sort(key=lambda child: -child.size)
    return root


def walk(root: Node) -> Iterator[Node]:
    """Yield a node and everything below it, parents first, one branch after the other."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _common_length(a: Tokens, b: Tokens) -> int:
    """Return how many first tokens agree; compares slices, which is quick."""
    return bisect_left(range(1, min(len(a), len(b)) + 1), True, key=lambda n: a[:n] != b[:n])


def _split(node: Node, length: int) -> Node:
    """Insert a node above that takes the first `length` tokens; `node` keeps the rest."""
    parent = node.parent
    assert parent is not None  # the root holds no token, so it is never split
    upper = Node(node.start, node.tokens[:length], parent, children=[node])
    place = next(i for i in reversed(range(len(parent.children))) if parent.children[i] is node)
    parent.children[place] = upper
    node.start, node.tokens, node.parent = node.start + length, node.tokens[length:], upper
    return upper


def _cut_long_edges(root: Node, longest: int) -> None:
    for node in list(walk(root)):
        while len(node.tokens) > longest:
            _split(node, longest)
