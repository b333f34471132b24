"""Attention over packed rows: many sequences in one stretch of tokens, each with its own keys.

transformers calls a registered attention function once per layer with the queries, keys and values of the whole
stretch. Everything else in a model works token by token, so packing wastes nothing on padding there; only here are
rows laid side by side.

    stretch   a0 a1 a2 | b0 b1        one stretch `[1, tokens]`, positions continue each row's trunk
    rows      [K of a's trunk | a0 a1 a2]
              [K of b's trunk | b0 b1 . ]

Sliding windows are measured in positions, not in places of the stretch (research on packed masks: a mask without the
window is off by up to 6.5 nats, silently).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "evalkit_packed"
"""How the function is registered with transformers."""
ARGUMENT = "evalkit_pass"
"""Keyword that a model's forward hands down to every attention layer."""


class NotSharableError(Exception):
    """The model's attention needs something that packed rows do not give; the reference path has to be taken."""


class CheckFailedError(NotSharableError):
    """What packed rows gave is not what the reference gives."""

    def __init__(self, difference: str) -> None:
        super().__init__(f"self-check failed: {difference}")


class Pass(Protocol):
    """One forward pass: knows which query may see which key."""

    windows: list[int | None]
    """Sliding window per layer, in tokens."""

    def attend(
        self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float | None
    ) -> torch.Tensor:
        """Return `[1, tokens, heads, dim]` for `q` `[1, heads, tokens, dim]`; `k`, `v` `[1, kv heads, tokens, dim]`."""
        ...


def _attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    current: Pass | None = kwargs.get(ARGUMENT)
    if current is None:
        raise NotSharableError("the model does not hand arguments down to its attention")
    for name in ("softcap", "s_aux", "position_bias"):
        if kwargs.get(name) is not None:
            raise NotSharableError(f"its attention uses {name}")
    if (
        kwargs.get("sliding_window", current.windows[module.layer_idx])
        != (current.windows[module.layer_idx])
    ):
        raise NotSharableError("a layer's sliding window is not the one its config states")
    return current.attend(module.layer_idx, query, key, value, scaling), None


AttentionInterface.register(NAME, _attention)


@contextmanager
def packed_attention(model: Any) -> Iterator[None]:
    """Let a model use packed attention; its own is back afterwards."""
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def windows_of(config: Any) -> list[int | None]:
    """Return each layer's sliding window in tokens; None where a token sees all before it.

    Raises:
        NotSharableError: A layer is neither full nor sliding-window attention.
    """
    n_layers = config.num_hidden_layers
    window = getattr(config, "sliding_window", None)
    kinds = getattr(config, "layer_types", None)
    if kinds is None:
        return [window] * n_layers
    other = sorted(set(kinds) - {"full_attention", "sliding_attention"})
    if other:
        raise NotSharableError(f"it has {', '.join(other)} layers, whose state can't be shared")
    return [window if kind == "sliding_attention" else None for kind in kinds]


def attend_rows(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None,
    scale: float | None,
) -> torch.Tensor:
    """Return attention `[rows, heads, queries, dim]`; a mask is added to the scores; None is causal."""
    groups = q.shape[1] // k.shape[1]
    native = q.device.type == "cpu" or mask is None  # elsewhere a mask with grouped heads is slow
    if groups > 1 and not native:
        k, v = (x.repeat_interleave(groups, dim=1) for x in (k, v))
    return scaled_dot_product_attention(
        q,
        k,
        v,
        attn_mask=mask,
        is_causal=mask is None,
        scale=scale,
        enable_gqa=groups > 1 and native,
    )


class PackedRows:
    """Rows laid out for one forward pass.

    Args:
        positions: Per row, the position of each token.
        until: Per row and token, the place in the row where what continues this token ends: later tokens of the row
            belong to other branches and do not see it.
        above: Per row, how many tokens its trunks hold.
        windows: Sliding window per layer.
        trunk_kv: Returns a layer's keys and values above the rows, `[1 or rows, kv heads, longest above, dim]`.
        keep: Gets a layer's keys and values of the stretch, `[1, kv heads, tokens, dim]`.
    """

    def __init__(
        self,
        positions: list[list[int]],
        until: list[list[int]],
        above: list[int],
        windows: list[int | None],
        trunk_kv: Callable[[int], tuple[torch.Tensor, torch.Tensor]],
        keep: Callable[[int, torch.Tensor, torch.Tensor], None] | None = None,
    ) -> None:
        self.windows = windows
        self._trunk_kv = trunk_kv
        self._keep = keep
        self._rows = len(positions)
        lengths = [len(row) for row in positions]
        self._longest = max(lengths)
        self._above = max(above)
        self._places = self._unpad = None
        if min(lengths) < self._longest:
            self._places, self._unpad = _places(lengths, self._longest)
        self._masks = _masks(positions, until, above, set(windows))

    def to(self, device: torch.device, dtype: torch.dtype) -> PackedRows:
        """Move indices and masks to where the model runs; masks become what is added to scores, once for all layers."""
        if self._places is not None and self._unpad is not None:
            self._places, self._unpad = self._places.to(device), self._unpad.to(device)
        self._masks = {
            w: None if m is None else _added(m.to(device), dtype) for w, m in self._masks.items()
        }
        return self

    def attend(
        self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float | None
    ) -> torch.Tensor:
        """Attend within rows and to the trunks above them; see `Pass`."""
        if self._keep is not None:
            self._keep(layer, k, v)
        q, k, v = (self._laid_out(x) for x in (q, k, v))
        if self._above:
            above_k, above_v = self._trunk_kv(layer)
            k = torch.cat([above_k.expand(self._rows, -1, -1, -1), k], dim=2)
            v = torch.cat([above_v.expand(self._rows, -1, -1, -1), v], dim=2)
        mask = self._masks[self.windows[layer]]
        out = attend_rows(q, k, v, mask, scale)  # [rows, heads, longest, dim]
        flat = out.transpose(1, 2).reshape(1, self._rows * self._longest, *out.shape[1::2])
        return flat if self._unpad is None else flat.index_select(1, self._unpad)

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        """Return `[1, heads, tokens, dim]` as `[rows, heads, longest, dim]`."""
        if self._places is not None:
            x = x.index_select(2, self._places)
        return x[0].reshape(x.shape[1], self._rows, self._longest, -1).transpose(0, 1)


def _added(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(
        ~mask, float("-inf")
    )


def _places(lengths: list[int], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the stretch's token for every place `[rows × longest]`, and the place of every token `[tokens]`."""
    inside = torch.arange(longest) < torch.tensor(lengths)[:, None]
    places = torch.zeros(inside.shape, dtype=torch.long)
    places[inside] = torch.arange(sum(lengths))
    return places.flatten(), inside.flatten().nonzero().flatten()


def _masks(
    positions: list[list[int]],
    until: list[list[int]],
    above: list[int],
    windows: set[int | None],
) -> Mapping[int | None, torch.Tensor | None]:
    """Return per window a mask `[rows, 1, longest, above + longest]`; None where plain causal attention is the same."""
    longest, highest = max(map(len, positions)), max(above)
    if len(positions) == 1 and not highest and set(until[0]) == {longest}:
        narrow: set[int | None] = {w for w in windows if w is not None and w < longest}
        plain: dict[int | None, torch.Tensor | None] = dict.fromkeys(windows - narrow)
        if not narrow:
            return plain
        return plain | _masks_of(positions, until, above, narrow)
    return _masks_of(positions, until, above, windows)


def _masks_of(
    positions: list[list[int]], until: list[list[int]], above: list[int], windows: set[int | None]
) -> dict[int | None, torch.Tensor | None]:
    longest, highest = max(map(len, positions)), max(above)
    at = torch.tensor([row + [0] * (longest - len(row)) for row in positions])
    last = torch.tensor([row + [0] * (longest - len(row)) for row in until])
    place = torch.arange(longest)
    own = (place <= place[:, None]) & (place[:, None] < last[:, None, :])
    own |= torch.eye(
        longest, dtype=torch.bool
    )  # padding sees itself, so that its softmax is finite
    trunk = (torch.arange(highest) < torch.tensor(above)[:, None])[:, None, :]
    whole = torch.cat([trunk.expand(-1, longest, -1), own], dim=2)
    key_at = torch.cat([torch.arange(highest).expand(len(positions), -1), at], dim=1)
    distance = at[:, :, None] - key_at[:, None, :]
    padding = torch.cat([torch.zeros(longest, highest), torch.eye(longest)], dim=1).bool()
    masks: dict[int | None, torch.Tensor | None] = {}
    for window in windows:
        seen = whole if window is None else (whole & (distance < window)) | padding
        masks[window] = seen[:, None]
    return masks
