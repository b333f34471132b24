"""Data that scripts of the page read: JSON in which nothing can end the script element or start another."""

from __future__ import annotations

import json

from markupsafe import Markup

_ESCAPES = str.maketrans(
    {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
)  # legal in JSON strings, and the parser reads them back


def json_block(element_id: str, value: object) -> Markup:
    """Return a data block `<script type="application/json" id=…>`; NaN and infinity are refused.

    Args:
        element_id: Our own name of the block.
        value: Lists, dicts, strings, numbers, None.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    safe = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").translate(_ESCAPES)
    return Markup('<script type="application/json" id="{}">{}</script>').format(
        element_id, Markup(safe)
    )
