"""What the machine and the software are: the part of the manifest that says where numbers came from."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from evalkit import __version__
from evalkit.meters.nvml import GpuProbe
from evalkit.store.manifest import GpuEntry, Hardware

PACKAGES = ("lm_eval", "torch", "transformers", "tokenizers", "datasets", "numpy", "pyarrow")
_CPUINFO = Path("/proc/cpuinfo")


def versions() -> dict[str, str]:
    """Return the versions that can change a number."""
    found = {"evalkit": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def hardware(gpus: GpuProbe) -> Hardware:
    """Describe CPU, memory and GPUs."""
    torch = sys.modules.get("torch")
    return Hardware(
        cpu=_cpu_name(),
        cores_physical=psutil.cpu_count(logical=False),
        cores_logical=psutil.cpu_count(logical=True),
        memory_bytes=psutil.virtual_memory().total,
        os=f"{platform.system()} {platform.release()}",
        gpus=tuple(
            GpuEntry(name=g.name, uuid=g.uuid, memory_bytes=g.memory_bytes) for g in gpus.info()
        ),
        gpu_driver=gpus.driver(),
        gpu_note=gpus.reason,
        torch_threads=torch.get_num_threads() if torch else None,
    )


def git_state() -> str | None:
    """Return the commit evalkit runs from, marked when files have changed; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}+dirty" if changed else commit


def command_line() -> str:
    """Return the command as typed, without the folder of the executable."""
    return " ".join([os.path.basename(sys.argv[0]), *sys.argv[1:]])  # noqa: PTH119


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


def _cpu_name() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
