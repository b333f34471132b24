"""Tiny random models of different architectures, made on the spot."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

VOCABULARY = 61
_SIZE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
WINDOW = 5
SHARABLE = ("llama", "gemma3", "gpt2", "mistral", "qwen3")


def _llama() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**_SIZE))


def _gemma3() -> Any:
    """Sliding and full layers with two rotary encodings; the window is shorter than most prompts."""
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    kinds = ["sliding_attention", "full_attention", "sliding_attention"]
    return Gemma3ForCausalLM(Gemma3TextConfig(**_SIZE, sliding_window=WINDOW, layer_types=kinds))


def _gpt2() -> Any:
    """Absolute positions."""
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY,
            n_embd=32,
            n_layer=2,
            n_head=4,
            n_positions=128,
            bos_token_id=1,
            eos_token_id=2,
        )
    )


def _mistral() -> Any:
    """Every layer has a sliding window."""
    from transformers import MistralConfig, MistralForCausalLM

    return MistralForCausalLM(MistralConfig(**_SIZE, sliding_window=WINDOW))


def _qwen3() -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(**_SIZE))


def _mamba() -> Any:
    """A recurrent state instead of keys and values."""
    from transformers import MambaConfig, MambaForCausalLM

    return MambaForCausalLM(
        MambaConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, state_size=4)
    )


def _gemma2() -> Any:
    """Softcapped attention scores."""
    from transformers import Gemma2Config, Gemma2ForCausalLM

    return Gemma2ForCausalLM(Gemma2Config(**_SIZE, sliding_window=WINDOW))


def _bloom() -> Any:
    """Attention biases instead of positions."""
    from transformers import BloomConfig, BloomForCausalLM

    return BloomForCausalLM(BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4))


def _phi3_longrope() -> Any:
    """A rotary encoding that changes with the length of the input."""
    from transformers import Phi3Config, Phi3ForCausalLM

    size = {k: v for k, v in _SIZE.items() if k != "head_dim"}
    rope = {
        "rope_type": "longrope",
        "rope_theta": 10_000.0,
        "short_factor": [1.0] * 4,
        "long_factor": [2.0] * 4,
    }
    return Phi3ForCausalLM(
        Phi3Config(**size, rope_parameters=rope, original_max_position_embeddings=64)
    )


_MAKERS = {
    "llama": _llama,
    "gemma3": _gemma3,
    "gpt2": _gpt2,
    "mistral": _mistral,
    "qwen3": _qwen3,
    "mamba": _mamba,
    "gemma2": _gemma2,
    "bloom": _bloom,
    "phi3_longrope": _phi3_longrope,
}


@cache
def tiny(architecture: str, dtype: torch.dtype = torch.float32) -> Any:
    """Return a model whose weights are large enough that every part of the input shows in the output."""
    torch.manual_seed(3)
    model = _MAKERS[architecture]()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.3)
    return model.to(dtype).eval()
