"""The metrics of evalkit, one row each: what reports, exports, gate policies and docs/metrics.md say of them.

A metric of single requests is added in three places: its formula (`analysis/performance.py`), the field that holds it
(`PerformanceFact`), and a row of `run.RUN`, by which page, terminal and documentation show it. One that a gate can
judge is a row of `gate.GATE`, and a number under that name in `gate/measured.py`.

Texts are marked by `_` and translated where they are shown.
"""

from __future__ import annotations


def _(text: str) -> str:
    """Mark a text for translation."""
    return text
