"""What a company's own look may say: name, logo, colours, font and a line at the end of every report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from evalkit.config.files import named
from evalkit.config.spec import Spec

LIGHT = ("#ffffff", "#f5f6f8")
DARK = ("#14171c", "#1d2127")
"""What reports are printed on by day and by night: the page, and what stands out from it a little."""
LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3: text against what is behind it."""
LARGEST_LOGO = 200_000
"""Bytes: a logo is in every report."""
LOGOS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
"""Suffix → media type."""


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _readable(value: str, papers: tuple[str, ...], page: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise ValueError("write the colour as '#rrggbb', in quotes")
    ratio = min(contrast(value, paper) for paper in papers)
    if ratio < LEAST_CONTRAST:
        raise ValueError(
            f"hard to read on the {page} page: its contrast is {ratio:.2f}:1, at least {LEAST_CONTRAST}:1 is needed;"
            f" choose a {'darker' if page == 'light' else 'lighter'} colour"
        )
    return value


def _on_light(value: str) -> str:
    return _readable(value, LIGHT, "light")


def _on_dark(value: str) -> str:
    return _readable(value, DARK, "dark")


def _fonts(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9 ,'\"_-]*", value) or any(value.count(q) % 2 for q in "'\""):
        raise ValueError(
            "a list of installed fonts, such as \"'Source Sans 3', Arial, sans-serif\": letters, digits, spaces,"
            " commas, - and pairs of quotes"
        )
    return value


def _small_picture(logo: Path | None, info: ValidationInfo) -> Path | None:
    if logo is None or info.context is None:
        return logo
    wanted = f"give an SVG, PNG or JPEG of up to {LARGEST_LOGO // 1000} kB"
    if logo.suffix.lower() not in LOGOS:
        raise ValueError(f"{logo.name} is neither SVG, PNG nor JPEG by its name: {wanted}")
    size = logo.stat().st_size
    if size > LARGEST_LOGO:
        raise ValueError(f"{logo.name} has {size / 1000:,.0f} kB: {wanted}")
    return logo


class ThemeConfig(Spec):
    """A company's own look."""

    company: str
    """Name in the head of the report; also what the logo is called for those who can't see it."""
    logo: Annotated[Path | None, named("file"), AfterValidator(_small_picture)] = None
    """SVG, PNG or JPEG of up to 200 kB, relative to this file; it becomes part of the report."""
    accent: Annotated[str, AfterValidator(_on_light)] | None = None
    """Colour of lines and links on the light page, `"#rrggbb"`; readable on it."""
    accent_dark: Annotated[str, AfterValidator(_on_dark)] | None = None
    """Colour of lines and links on the dark page, `"#rrggbb"`; unset: the colour of text."""
    font: Annotated[str, AfterValidator(_fonts)] = ""
    """Installed fonts, the first that is there is taken, such as `"Inter, Arial, sans-serif"`; nothing is fetched."""
    footer: Annotated[str, Field(max_length=500)] = ""
    """Line at the end of the report."""
