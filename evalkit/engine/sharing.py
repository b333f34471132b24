"""Which models can share prefixes: what is known about the architecture, then a probe of the model itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, TypeVar

import torch

from evalkit.engine.attention import NotSharableError, PackedRows, packed_attention, windows_of
from evalkit.engine.batching import is_out_of_memory
from evalkit.engine.kv import LayerKV
from evalkit.engine.selfcheck import tolerance
from evalkit.engine.shared import SharedModel, forward
from evalkit.errors import EvalkitError

T = TypeVar("T")

_PROBE_TOKENS = 8
_LENGTH_DEPENDENT_ROPE = {"dynamic", "longrope"}


def share(model: Any, device: torch.device) -> SharedModel:
    """Check that a model can score packed rows.

    Raises:
        NotSharableError: It can't, and why.
    """
    config = model.config.get_text_config()
    _check_architecture(model, config)
    windows = windows_of(config)
    layers: dict[int, LayerKV] = {}

    def keep(layer: int, k: torch.Tensor, v: torch.Tensor) -> None:
        layers[layer] = k, v

    ids = [i % config.vocab_size for i in range(1, _PROBE_TOKENS + 1)]
    positions = list(range(_PROBE_TOKENS))
    packed = PackedRows(
        [positions], [[_PROBE_TOKENS] * _PROBE_TOKENS], [0], windows, _nothing, keep
    )
    bare = SharedModel(model, device, windows, 0)
    with torch.inference_mode():
        expected = model(torch.tensor([ids], device=device), use_cache=False).logits[0]
        try:
            with packed_attention(model):
                logits = forward(
                    bare,
                    ids,
                    positions,
                    packed.to(device, model.dtype),
                    torch.arange(_PROBE_TOKENS).numpy(),
                )
        except NotSharableError:
            raise
        except Exception as error:  # foreign code raises anything
            raise NotSharableError(f"its forward pass failed on packed rows: {error}") from error
    if len(layers) != config.num_hidden_layers:
        raise NotSharableError(
            f"only {len(layers)} of its {config.num_hidden_layers} layers use exchangeable attention"
        )
    difference = float((logits.float() - expected.float()).abs().max())
    if not difference <= tolerance(model.dtype, 1):
        raise NotSharableError(f"a probe differed by {difference:.2g} in the logits")
    return SharedModel(model, device, windows, _bytes_per_token(layers))


def guarded(passes: Iterator[T]) -> Iterator[T]:
    """Hand passes on; what a model's code raises on the first becomes a reason to take the reference path.

    Raises:
        NotSharableError: The first pass failed; nothing was yielded.
    """
    try:
        first = [next(passes)]
    except StopIteration:
        return
    except NotSharableError:
        raise
    except Exception as error:  # foreign code raises anything
        if is_out_of_memory(error) or isinstance(error, EvalkitError):
            raise
        raise NotSharableError(f"packed passes fail: {error}") from error
    yield from first
    yield from passes


def _check_architecture(model: Any, config: Any) -> None:
    if model.config.is_encoder_decoder:
        raise NotSharableError("it is an encoder-decoder model")
    if getattr(model, "_is_stateful", False):
        raise NotSharableError("it keeps a recurrent state, which can't be shared")
    if len(set(getattr(model, "hf_device_map", {}).values())) > 1:
        raise NotSharableError("it is spread over several devices")
    if not model._can_set_attn_implementation():
        raise NotSharableError("its attention can't be exchanged")
    parameters = inspect.signature(model.forward).parameters
    missing = {"position_ids", "logits_to_keep"} - set(parameters)
    if missing:
        raise NotSharableError(f"its forward takes no {', '.join(sorted(missing))}")
    if getattr(config, "use_bidirectional_attention", None):
        raise NotSharableError("its attention looks ahead")
    if _rope_kinds(getattr(config, "rope_parameters", None)) & _LENGTH_DEPENDENT_ROPE:
        raise NotSharableError("its position encoding depends on the length of the input")


def _rope_kinds(parameters: Any) -> set[str]:
    """Return the kinds of rotary encoding; some configs nest one setting per kind of layer."""
    if not isinstance(parameters, dict):
        return set()
    nested = [v for v in parameters.values() if isinstance(v, dict)]
    kinds = [p.get("rope_type") for p in (parameters, *nested)]
    return {kind for kind in kinds if kind}


def _bytes_per_token(layers: dict[int, LayerKV]) -> int:
    total = sum(x.numel() * x.element_size() for pair in layers.values() for x in pair)
    return total // _PROBE_TOKENS


def _nothing(_layer: int) -> LayerKV:
    raise AssertionError("a probe has no trunk")
