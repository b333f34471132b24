"""Matrix products on a CPU, by the way that is fastest there.

float32 with few rows: a decoding step multiplies every weight with a few rows. torch gives such products to MKL;
oneDNN, which torch carries as well, needs less time for them where the processor has AVX-512, and elsewhere for large
layers, as the output layer is (docs/performance.md). Which layers are exchanged follows from processor and shape, never
from a measurement: a resumed run must round alike. oneDNN is reached through the operator that torch's own compiler
uses for the purpose; where a torch version lacks it, nothing is exchanged.

bfloat16 and float16 on a processor without instructions for them: torch emulates such products and reaches a sixth of
float32's speed. Weights are widened a piece at a time, multiplied in float32, and the product is rounded back: memory
grows by one piece, and the result is nearer to the exact one, as sums are kept in float32.

Rounding differs in the last digits either way, which decoding and self-checks account for (`greedy.NEAR_TIE`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.nn import Linear
from torch.nn.functional import linear

_PIECE = 1 << 20
"""Elements of a weight that are widened at a time: 4 MB, which stay in a cache."""
_LARGE = 1 << 22
"""Elements from which on a weight is oneDNN's without AVX-512, too: measured slower at 0.9, faster at 28 million."""
_NATIVE = {
    torch.bfloat16: "_is_mkldnn_bf16_supported",
    torch.float16: "_is_mkldnn_fp16_supported",
}
"""What tells whether oneDNN has kernels for a number format on this processor."""
Product = Callable[[torch.Tensor], torch.Tensor]
Layers = Sequence[tuple[Linear, Product]]
"""Layers and what computes their products instead."""


def few_rows(model: Any) -> Layers:
    """Return plain float32 layers on a CPU, whose products with few rows oneDNN can take over."""
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not has_onednn or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return []
    least = 0 if "AVX512" in torch.backends.cpu.get_cpu_capability() else _LARGE
    layers = [x for x in _plain(model, {torch.float32}) if x.weight.numel() >= least]
    return [(layer, partial(_by_onednn, layer)) for layer in layers]


def widened(model: Any) -> Layers:
    """Return plain layers on a CPU of a number format that it only emulates."""
    emulated = {dtype for dtype in _NATIVE if is_emulated(dtype, torch.device("cpu"))}
    return [(layer, partial(_widened, layer)) for layer in _plain(model, emulated)]


def is_emulated(dtype: torch.dtype, device: torch.device) -> bool:
    """Return whether a processor has no instructions for products of a number format."""
    if device.type != "cpu" or dtype not in _NATIVE:
        return False
    return not getattr(torch.ops.mkldnn, _NATIVE[dtype], lambda: True)()


@contextmanager
def computed_by(layers: Layers) -> Iterator[None]:
    """Exchange the products of these layers; their own way is back afterwards."""
    for layer, product in layers:
        layer.forward = product  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        for layer, _ in layers:
            del layer.forward


def _plain(model: Any, dtypes: set[torch.dtype]) -> list[Linear]:
    return [
        module
        for module in model.modules()
        if type(module) is Linear
        and module.weight.dtype in dtypes
        and module.weight.device.type == "cpu"
    ]


def _by_onednn(layer: Linear, x: torch.Tensor) -> torch.Tensor:
    out: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
        x, layer.weight, layer.bias, "none", [], ""
    )
    return out


def _widened(layer: Linear, x: torch.Tensor) -> torch.Tensor:
    """Multiply in float32; a single row takes less time than widening does."""
    weight, bias = layer.weight, layer.bias
    if x.numel() == x.shape[-1]:
        return linear(x, weight, bias)
    wide = x.float()
    out = x.new_empty((*x.shape[:-1], len(weight)))
    step = max(1, _PIECE // weight.shape[1])
    for start in range(0, len(weight), step):
        some = slice(start, start + step)
        product = linear(wide, weight[some].float(), None if bias is None else bias[some].float())
        out[..., some] = product
    return out
