"""Matrix products with few rows, on a CPU.

A decoding step multiplies every weight with a few rows. torch gives such float32 products to MKL; oneDNN, which torch
carries as well, needs less time for them (docs/performance.md). It is reached through the operator that torch's own
compiler uses for the purpose; where a torch version lacks it, nothing is exchanged. Rounding differs in the last
digits, which decoding accounts for (`decode.NEAR_TIE`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch


def exchangeable_linear(model: Any) -> list[torch.nn.Linear]:
    """Return the layers whose product oneDNN can take over: plain float32 layers on a CPU."""
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not has_onednn or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return []
    return [
        module
        for module in model.modules()
        if type(module) is torch.nn.Linear
        and module.weight.dtype == torch.float32
        and module.weight.device.type == "cpu"
    ]


@contextmanager
def small_batch_linear(layers: Sequence[torch.nn.Linear]) -> Iterator[None]:
    """Let oneDNN compute these layers; their own way is back afterwards."""
    for layer in layers:
        layer.forward = partial(_linear, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _linear(layer: torch.nn.Linear, x: torch.Tensor) -> torch.Tensor:
    out: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
        x, layer.weight, layer.bias, "none", [], ""
    )
    return out
