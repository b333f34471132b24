"""CUDA_VISIBLE_DEVICES, entry by entry."""

from __future__ import annotations

import pytest

from evalkit.meters.visible import visible_boards

UUIDS = ["GPU-aa11", "GPU-aa22", None, "GPU-bb33"]
MIG = {"MIG-1": 0, "MIG-2": 0, "MIG-3": 3}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, (0, 1, 2, 3)),
        ("", ()),
        ("-1", ()),
        ("NoDevFiles", ()),
        ("3,1", (3, 1)),
        (" 3 , 1 ", (3, 1)),
        ("+1", (1,)),
        ("2ampere", (2,)),
        ("0,-1,1", (0,)),
        ("0,4,1", (0,)),
        ("0,,1", (0,)),
        ("0,GPU-bb33", (0,)),
        ("1,1", ()),
        ("GPU-bb", (3,)),
        ("GPU-aa", ()),
        ("GPU-aa2,GPU-zz,GPU-bb", (1,)),
        ("GPU-aa2,0", (1,)),
        ("GPU-aa2,GPU-aa22", ()),
        ("MIG-1,MIG-2,MIG-3", (0, 3)),
        ("MIG-9", ()),
        ("MIG-GPU-aa22/3/0", (1,)),
    ],
)
def test_entries_are_read_as_cuda_reads_them(value: str | None, expected: tuple[int, ...]) -> None:
    assert visible_boards(value, UUIDS, MIG.get) == expected
