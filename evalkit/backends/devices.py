"""Where a local model can run, and in which number format."""

from __future__ import annotations

import torch

from evalkit.config.run import ModelSpec
from evalkit.errors import ModelError


def resolve_device(spec: ModelSpec) -> torch.device:
    """Turn `device` into a torch device; `auto` is the best one there is.

    Raises:
        ModelError: The device is not on this machine.
    """
    if spec.device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(spec.device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(
            f"model {spec.name!r}: device {spec.device!r} can't be used here: {str(error).splitlines()[0]}",
            "Use `auto` or `cpu`.",
        ) from error
    return device


def resolve_dtype(spec: ModelSpec) -> torch.dtype | str:
    """Turn `dtype` into a torch dtype; `auto` stays and means the checkpoint's own."""
    return "auto" if spec.dtype == "auto" else getattr(torch, spec.dtype)


def check_dtype(spec: ModelSpec, device: torch.device) -> None:
    """Multiply two small matrices: the surest test that a device computes in a format.

    Raises:
        ModelError: It does not.
    """
    try:
        ones = torch.ones(8, 8, device=device).to(getattr(torch, spec.dtype))
        torch.softmax(ones @ ones, dim=-1)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ModelError(
            f"model {spec.name!r}: dtype {spec.dtype} is not supported on {device}:"
            f" {str(error).splitlines()[0]}",
            "float32 works everywhere; bfloat16 on most CPUs and GPUs.",
        ) from error


def torch_memory(gpu: int) -> tuple[int | None, int | None]:
    """Return bytes torch has allocated and reserved on a GPU, or None twice without CUDA."""
    if not torch.cuda.is_available() or gpu >= torch.cuda.device_count():
        return None, None
    return torch.cuda.memory_allocated(gpu), torch.cuda.memory_reserved(gpu)
