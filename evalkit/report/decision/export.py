"""A decision as one JSON document for other tools. A missing number is null, and so is one that is not finite."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from evalkit.analysis.tco.facts import TcoFacts
from evalkit.analysis.tco.likely import Likely
from evalkit.decision.facts import Verdict


def decision_json(facts: TcoFacts, verdict: Verdict, at_likely: Likely | None = None) -> str:
    """Return the facts, the verdict, and costs at the most likely values, each under its name."""
    document = {
        "tco": json.loads(TypeAdapter(TcoFacts).dump_json(facts)),
        "likely": json.loads(TypeAdapter(Likely | None).dump_json(at_likely)),
        "verdict": json.loads(TypeAdapter(Verdict).dump_json(verdict)),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
