"""Which requests share a forward pass, and what to do when they don't fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

import psutil
import torch

from evalkit.errors import OutOfMemoryError

T = TypeVar("T")
R = TypeVar("R")

AUTO_BATCH_TOKENS = 4096
"""`batch_size: auto` on a CPU: rows that fill this many padded tokens; more only costs memory there."""
AUTO_BATCH_LIMIT = 64
_MEMORY_SHARE = 0.5
_KV_SHARE = 0.25


def auto_batch_size(longest: int, kept: int, vocabulary: int, device: torch.device) -> int:
    """Choose a batch size from the longest input, before anything has run.

    The float32 logits of the kept positions, twice (logits and log-softmax), may take half of the free memory.
    `run_with_backoff` corrects the choice when it was too bold.

    Args:
        longest: Tokens of the longest input.
        kept: Most positions per row that go through the output layer.
        vocabulary: Width of the output layer.
        device: Where the model runs.
    """
    rows = int(_free_bytes(device) * _MEMORY_SHARE / (8 * vocabulary * kept))
    if device.type == "cpu":
        rows = min(rows, AUTO_BATCH_TOKENS // max(1, longest))
    return max(1, min(AUTO_BATCH_LIMIT, rows))


def default_kv_budget(device: torch.device) -> int:
    """Return bytes that keys and values may take: a quarter of the memory that is free now."""
    return int(_free_bytes(device) * _KV_SHARE)


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return int(free)
    return int(psutil.virtual_memory().available)


def batches_to_do(
    groups: Sequence[T], size: int, members: Callable[[T], Collection[int]], done: Collection[int]
) -> Iterator[list[T]]:
    """Cut `groups` into batches of `size` and skip those whose members are all done.

    The cut does not depend on `done`: a resumed run forms the batches of an uninterrupted one.
    """
    for start in range(0, len(groups), size):
        batch = list(groups[start : start + size])
        if not all(member in done for group in batch for member in members(group)):
            yield batch


def run_with_backoff(batch: Sequence[T], run: Callable[[Sequence[T]], list[R]]) -> list[R]:
    """Run a batch; when memory runs out, run its halves.

    Raises:
        OutOfMemoryError: Even a single row does not fit.
    """
    try:
        return run(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(batch) == 1:
            raise OutOfMemoryError(
                "Out of memory with one request at a time.",
                "Set a smaller `max_length`, a smaller `dtype`, or use a machine with more memory.",
            ) from error
    release_memory()
    half = len(batch) // 2
    return run_with_backoff(batch[:half], run) + run_with_backoff(batch[half:], run)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on a GPU or on the host."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "can't allocate memory" in str(error) or "out of memory" in str(error).lower()


def release_memory() -> None:
    """Give cached GPU memory back."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
