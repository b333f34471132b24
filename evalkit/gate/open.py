"""A path on the command line → a `Side`: runs, a folder of runs, an accepted baseline, or a folder of those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import DataError
from evalkit.gate.baseline import last_baseline, read_baseline
from evalkit.gate.measured import read_runs, run_folders
from evalkit.gate.side import Side


def open_side(place: Path, model: str | None, clusters: Mapping[str, str], *, option: str) -> Side:
    """Read one side of a comparison.

    Args:
        place: A run directory, a folder with several, a baseline, or a folder of baselines (the last one counts).
        model: Its name; None: the only one there is.
        clusters: Task → key of its docs that names their source.
        option: Of the command line that names a model.

    Raises:
        UsageError: Which model is meant is not clear.
        DataError: There is nothing of the kind, or it can't be used.
    """
    label = place.name if place.is_absolute() else place.as_posix()
    if place.is_file():
        return read_baseline(place, label).side
    folders = run_folders(place)
    if folders:
        return read_runs(folders, model, clusters, label=label, option=option)
    baseline = last_baseline(place, label)
    if baseline is not None:
        return baseline.side
    what = "holds neither runs nor baselines" if place.is_dir() else "no such file or folder"
    raise DataError(
        f"{place}: {what}.",
        "Give a run directory, a folder of runs, or what `evalkit gate accept` wrote.",
    )
