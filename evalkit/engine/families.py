"""Which prompts are generated from which common prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.engine.schedule import WORTH_KEEPING
from evalkit.engine.trie import Node, Tokens, build_trie, walk


@dataclass(frozen=True, slots=True)
class Family:
    """Prompts that begin with the same tokens."""

    prefix: Tokens
    """Computed once; empty where nothing is worth sharing."""
    members: tuple[int, ...]
    """Prompts, longest first."""


def group_families(prompts: Sequence[Tokens], longest_prefix: int) -> list[Family]:
    """Give every prompt the one prefix with which most tokens are saved in all.

    A prompt's last token never belongs to its prefix: the first generated token is read from its pass.

    Args:
        prompts: Token ids, none empty.
        longest_prefix: Prefixes with more tokens do not fit into memory.

    Returns:
        Families with a prefix, then one of all other prompts.
    """
    members: dict[Tokens, list[int]] = {}
    for index, prompt in enumerate(prompts):
        members.setdefault(prompt[:-1], []).append(index)
    members.pop((), None)
    heads = list(members)
    root = build_trie(heads, longest_edge=max(map(len, heads), default=1))
    families, taken = [], set()
    sizes = [len(members[head]) for head in heads]
    for node in _chosen(root, sizes, longest_prefix):
        below = [i for n in walk(node) for end in n.ends for i in members[heads[end]]]
        families.append(_family(prompts, _prefix(node), below))
        taken.update(below)
    others = [i for i in range(len(prompts)) if i not in taken]
    return [*families, _family(prompts, (), others)] if others else families


def _chosen(root: Node, sizes: Sequence[int], longest_prefix: int) -> list[Node]:
    """Return the nodes whose prefixes save most, none below another; `sizes` counts the prompts of a sequence."""
    count: dict[Node, int] = {}
    best: dict[Node, int] = {}
    for node in reversed(list(walk(root))):
        own = sum(sizes[end] for end in node.ends)
        count[node] = own + sum(count[child] for child in node.children)
        below = sum(best[child] for child in node.children)
        best[node] = max(_saved(node, count[node], longest_prefix), below)
    chosen, stack = [], [root]
    while stack:
        node = stack.pop()
        saved = _saved(node, count[node], longest_prefix)
        if saved and saved == best[node]:
            chosen.append(node)
        else:
            stack.extend(reversed(node.children))
    return chosen


def _saved(node: Node, n_prompts: int, longest_prefix: int) -> int:
    saved = (n_prompts - 1) * node.end
    return saved if saved >= WORTH_KEEPING and node.end <= longest_prefix else 0


def _prefix(node: Node | None) -> Tokens:
    parts = []
    while node is not None:
        parts.append(node.tokens)
        node = node.parent
    return tuple(token for part in reversed(parts) for token in part)


def _family(prompts: Sequence[Tokens], prefix: Tokens, members: Sequence[int]) -> Family:
    return Family(prefix, tuple(sorted(members, key=lambda i: (-len(prompts[i]), i))))
