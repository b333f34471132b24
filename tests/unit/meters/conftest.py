"""The NVML stub, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.meters.stub import build


@pytest.fixture(scope="session")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))
