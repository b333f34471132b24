"""What the manifest says when a session ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from evalkit.execute.environment import hardware
from evalkit.execute.folders import iso
from evalkit.meters.nvml import GpuProbe
from evalkit.store.journal import Journal
from evalkit.store.manifest import ModelEntry, RunManifest


def ended_manifest(
    manifest: RunManifest,
    journal: Journal,
    models: Mapping[str, ModelEntry],
    gpus: GpuProbe,
    *,
    interrupted: bool,
) -> RunManifest:
    """Return the manifest with what the journal knows now: complete when every cell is done."""
    records = tuple(journal.cells())
    is_complete = not interrupted and all(record.state == "done" for record in records)
    return manifest.model_copy(
        update={
            "state": "complete" if is_complete else "partial",
            "finished_at": iso(datetime.now(UTC)),
            "cells": records,
            "sessions": tuple(journal.sessions()),
            "models": tuple(models.values()),
            "hardware": hardware(gpus),
        }
    )
