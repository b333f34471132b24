"""A company's own look: name, logo, colours and font for every report, and templates that replace the package's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from evalkit.config.load import load_theme
from evalkit.config.theme import LOGOS, ThemeConfig
from evalkit.errors import ConfigError, UsageError, did_you_mean

_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_SVG_HEAD = 2_000
"""Bytes of an SVG in which its element must begin: a declaration and comments may come first."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What the template needs of a theme."""

    company: str
    logo: Markup | None
    css: Markup
    footer: str


def read_theme(file: Path) -> Theme:
    """Read a theme file and the logo it names.

    Raises:
        ConfigError: File or logo can't be used; says file, line, key and value.
    """
    config = load_theme(file)
    logo = None if config.logo is None else _logo(config.logo, config.company, file)
    return Theme(config.company, logo, theme_css(config), config.footer)


def theme_css(config: ThemeConfig) -> Markup:
    """Return the rules that come after the report's own; every value was checked to be a colour or a list of fonts."""
    light, dark = config.accent or "initial", config.accent_dark or "initial"
    font = f"body {{ font-family: {config.font}; }}\n" if config.font else ""
    return Markup(
        f"\n:root {{ --accent: {light}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}\n"
        "header { border-bottom-color: var(--accent, var(--ink)); } .brand { color: var(--accent, var(--quiet)); }\n"
        f"{font}"
    )


def template_names() -> tuple[str, ...]:
    """Return the names of the package's templates, those in folders with their folder."""
    root = files("evalkit.report") / "templates"
    names = [entry.name for entry in root.iterdir() if entry.name.endswith(".j2")]
    for folder in (entry for entry in root.iterdir() if entry.is_dir()):
        names += [f"{folder.name}/{f.name}" for f in folder.iterdir() if f.name.endswith(".j2")]
    return tuple(sorted(names))


def check_templates(folder: Path) -> None:
    """Check that a folder of own templates replaces something, and nothing by mistake.

    Raises:
        UsageError: There is no such folder, or it has no template or one of a name that none has.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of templates.", "Give the path of a folder.")
    known = template_names()
    own = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.j2"))]
    strange = next((name for name in own if name not in known), None)
    if not own or strange is not None:
        what = "no template (*.j2) in it" if strange is None else f"no template is called {strange}"
        listed = f"There are: {', '.join(known)}."
        raise UsageError(
            f"{folder}: {what}.",
            listed if strange is None else did_you_mean(strange, known, listed),
        )


def _logo(path: Path, company: str, theme: Path) -> Markup:
    """Return the picture as part of the page: in an `img`, an SVG's scripts never run and nothing is fetched."""
    kind, data = LOGOS[path.suffix.lower()], path.read_bytes()
    is_one = data.startswith(_MAGIC[kind]) if kind in _MAGIC else b"<svg" in data[:_SVG_HEAD]
    if not is_one:
        raise ConfigError(
            f"{theme}: logo: {path.name} is no {kind.removeprefix('image/')} picture.",
            "Its name and its content differ; save it as SVG, PNG or JPEG.",
        )
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return Markup('<img src="{}" alt="{}">').format(source, company)
