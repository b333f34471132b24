"""Builds the NVML stub and runs code against it, in a process of its own since NVML is loaded once per process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("nvml_stub.c")


def build(folder: Path, *without: str) -> Path:
    """Compile the stub into a folder that can be put on LD_LIBRARY_PATH; `without` are symbols to leave out."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build the NVML stub with")
    out = folder / "libnvidia-ml.so.1"
    defines = [f"-DWITHOUT_{symbol}" for symbol in without]
    subprocess.run(
        [compiler, "-Wall", "-Werror", "-shared", "-fPIC", *defines, "-o", str(out), str(SOURCE)],
        check=True,
    )
    return folder


def run(stub: Path, code: str, **flags: str) -> Any:
    """Run code that puts its answer into `answer`; `gpus` is the open probe, `set_time` sets the stub's seconds."""
    script = (
        "import dataclasses, json, os\n"
        "from evalkit.meters.nvml import open_gpus\n"
        "def set_time(t_s): os.environ['STUB_AT_S'] = repr(t_s)\n"
        "gpus = open_gpus()\n"
        f"{code}\n"
        "gpus.close()\n"
        "print(json.dumps(answer, default=dataclasses.asdict))"
    )
    environment = {k: v for k, v in os.environ.items() if k != "CUDA_VISIBLE_DEVICES"}
    environment |= {"LD_LIBRARY_PATH": str(stub), **flags}
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
    )
    return json.loads(done.stdout)


def read(stub: Path, **flags: str) -> list[dict[str, Any]]:
    """Read every visible board once."""
    readings: list[dict[str, Any]] = run(stub, "answer = gpus.read()", **flags)
    return readings
