"""Weights and tokenizer into memory, and whether what was loaded is what the files say: nothing made up or left over.

transformers gives tensors that a checkpoint lacks random values and says so in a log. A half-converted or half-uploaded
model would be measured like that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    GgufConfig,
)

from evalkit.backends.sources import Source
from evalkit.backends.weights import listed
from evalkit.config.run import ModelSpec
from evalkit.engine.batching import is_out_of_memory
from evalkit.errors import EvalkitError, ModelError

_NOT_OF_THE_TEXT = re.compile(
    r"rotary_emb\.inv_freq$|(^|\.)position_ids$|(^|\.)(mtp|v_head)\."
    r"|(^|\.)(vision|visual|image|audio|speech|mm_|multi_modal)\w*\."
)
"""Tensors that a checkpoint may hold beyond what a language model needs: recomputed buffers, heads for training or for
drafting, towers for images and sound. transformers itself passes over what each architecture lists."""
_PART = re.compile(r"(.*?\.\d+)\.")
"""A layer, of the name of a tensor in it."""
_MOST_CHARACTERS = 400
"""Characters kept of foreign messages."""


def load_tokenizer(spec: ModelSpec, source: Source) -> Any:
    """Load a model's tokenizer; one without a padding token gets one.

    Raises:
        ModelError: It can't be loaded.
    """
    folder = source.tokenizer_folder
    is_gguf = source.gguf is not None and folder == source.folder
    with _told(spec, f"the tokenizer in {folder} can't be loaded"):
        tokenizer = AutoTokenizer.from_pretrained(
            folder,
            trust_remote_code=spec.trust_remote_code,
            **({"gguf_file": source.gguf.name} if is_gguf and source.gguf else {}),
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer


def load_model(spec: ModelSpec, source: Source, dtype: torch.dtype | str) -> Any:
    """Load a model's weights, dequantised where they come from GGUF, with its adapter merged in.

    Raises:
        ModelError: The weights are not those that the config describes, or the adapter does not fit.
    """
    where = source.gguf or source.folder
    given: dict[str, Any] = {"trust_remote_code": spec.trust_remote_code}
    more: dict[str, Any] = {}
    if source.gguf is not None:
        given["gguf_file"] = source.gguf.name
        more["quantization_config"] = GgufConfig(dequantize=True)
    with _told(spec, f"{where} can't be loaded"):
        config = AutoConfig.from_pretrained(source.folder, **given)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model, report = kind.from_pretrained(
            source.folder,
            dtype=dtype,
            device_map=spec.device_map,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told below, with the others
            **given,
            **more,
        )
    wrong = list(_differences(model, report))
    if wrong:
        raise ModelError(
            f"model {spec.name!r}: the weights in {where} are not those that its config describes:"
            f" {'; '.join(wrong)}.",
            "Fetch or convert the model again; compare its config.json with the original's.",
        )
    if source.adapter is not None:
        model = _merged(spec, model, source.adapter)
    return model


def _differences(model: Any, report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing, left over, of another shape, or tied to something that it does not equal."""
    if missing := sorted(report["missing_keys"]):
        yield f"{_tensors(len(missing))} missing: {listed(missing)}"
    mismatched = sorted(report["mismatched_keys"])
    if mismatched:
        shapes = [f"{n} is {list(there)} instead of {list(here)}" for n, there, here in mismatched]
        yield f"{_tensors(len(shapes))} of another shape: {listed(shapes)}"
    left_over = sorted(k for k in report["unexpected_keys"] if not _NOT_OF_THE_TEXT.search(k))
    if left_over and getattr(model, "hf_quantizer", None) is None:
        yield f"{_tensors(len(left_over))} that it has no place for: {listed(left_over)}"
    if broken := sorted(_broken_ties(model)):
        yield f"{', '.join(broken)} tied by the config, but with values of their own in the file"
    if empty := _empty_parts(model):
        yield f"all weights are 0 in {listed(empty)}"


def _empty_parts(model: Any) -> list[str]:
    """Return layers, embeddings and heads whose matrices hold nothing but zeros: room that a download never filled."""
    parts: dict[str, bool] = {}
    for name, weight in model.named_parameters():
        if weight.ndim > 1 and weight.numel() and weight.device.type != "meta":
            part = _PART.match(name)
            key = part[1] if part else name
            parts[key] = parts.get(key, True) and _is_zero(weight)
    return [part for part, is_empty in parts.items() if is_empty]


def _is_zero(weight: torch.Tensor) -> bool:
    return not bool(weight[0].any()) and not bool(weight.any())  # a row is looked at before all


def _tensors(n: int) -> str:
    return f"{n} tensor{'' if n == 1 else 's'}"


def _broken_ties(model: Any) -> set[str]:
    """Return what the config ties and transformers left apart, because the checkpoint holds different values."""
    wanted = getattr(model, "get_expanded_tied_weights_keys", None)
    if wanted is None:
        return set()
    return set(wanted(all_submodels=True)) - set(getattr(model, "all_tied_weights_keys", ()))


def _merged(spec: ModelSpec, model: Any, folder: Path) -> Any:
    """Merge an adapter into its base, in memory."""
    from peft import PeftConfig, PeftModel

    with _told(spec, f"the adapter {folder} does not fit its base"):
        config = PeftConfig.from_pretrained(str(folder))
        adapted = PeftModel(model, config)
        result = adapted.load_adapter(str(folder), "default")
        missing, left_over = sorted(result.missing_keys), sorted(result.unexpected_keys)
        for names, what in ((missing, "missing"), (left_over, "without a place in the base")):
            if names:
                raise ValueError(f"{_tensors(len(names))} {what}: {listed(names)}")
        if config.is_prompt_learning:
            raise ValueError(f"adapters of kind {config.peft_type.value} can't be merged")
        return adapted.merge_and_unload(safe_merge=True)


@contextmanager
def _told(spec: ModelSpec, what: str) -> Iterator[None]:
    """Turn what foreign code raises while loading into a sentence; running out of memory stays what it is."""
    try:
        yield
    except EvalkitError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:_MOST_CHARACTERS] or type(error).__name__
        raise ModelError(
            f"model {spec.name!r}: {what}: {reason}",
            "Fetch or save it again, with the transformers version in use here.",
        ) from error
