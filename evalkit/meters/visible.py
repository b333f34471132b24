"""Which boards CUDA_VISIBLE_DEVICES leaves to a process, as physical NVML indices."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

VARIABLE = "CUDA_VISIBLE_DEVICES"
_LEADING_NUMBER = re.compile(r"\s*\+?(\d+)")

ParentOfMig = Callable[[str], int | None]
"""MIG identifier → NVML index of the board it is cut from; None when there is no such instance."""


def visible_boards(
    value: str | None, uuids: Sequence[str | None], parent_of_mig: ParentOfMig
) -> tuple[int, ...]:
    """Return the visible boards' NVML indices, in the order CUDA numbers them.

    Entries are indices, beginnings of GPU UUIDs, or MIG identifiers; the first one's kind holds for all. The first
    invalid entry ends the list, and a repeated one empties it, as in CUDA. MIG instances of one board give the board
    once. Indices are taken as NVML's: CUDA agrees when all boards are of one model or CUDA_DEVICE_ORDER=PCI_BUS_ID.

    Args:
        value: The variable; None when it is not set, which leaves all boards.
        uuids: UUID of every board, by NVML index; None for a board that does not tell.
        parent_of_mig: Finds the board of a MIG instance.

    Source: CUDA programming guide, "CUDA environment variables"; `torch.cuda._parse_visible_devices`.
    """
    if value is None:
        return tuple(range(len(uuids)))
    entries = value.split(",")
    kind = _kind(entries[0])
    found: list[int] = []
    for entry in entries:
        index = _index(entry.strip(), uuids, parent_of_mig) if _kind(entry) == kind else None
        if index is None:
            break
        if index not in found:
            found.append(index)
        elif kind != "MIG-":
            return ()
    return tuple(found)


def _kind(entry: str) -> str:
    prefix = entry.strip()[:4]
    return prefix if prefix in {"GPU-", "MIG-"} else "index"


def _index(entry: str, uuids: Sequence[str | None], parent_of_mig: ParentOfMig) -> int | None:
    kind = _kind(entry)
    if kind == "MIG-":
        # Up to driver 450 an instance was named after its board: MIG-GPU-<uuid>/<instance>/<compute instance>.
        return _by_uuid(entry[4:].split("/")[0], uuids) if "/" in entry else parent_of_mig(entry)
    if kind == "GPU-":
        return _by_uuid(entry, uuids)
    number = _LEADING_NUMBER.match(entry)
    return int(number[1]) if number and int(number[1]) < len(uuids) else None


def _by_uuid(beginning: str, uuids: Sequence[str | None]) -> int | None:
    """Return the one board whose UUID begins so; None when there is none, or several."""
    matches = [i for i, uuid in enumerate(uuids) if uuid and uuid.startswith(beginning)]
    return matches[0] if len(matches) == 1 else None
