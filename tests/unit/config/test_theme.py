"""A theme says what it says, or a sentence with file, line, key and reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.config import load_run_config, load_theme
from evalkit.config.theme import contrast
from evalkit.errors import ConfigError
from tests.conftest import REPO

PNG = b"\x89PNG\r\n\x1a\n"
colour = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def theme(folder: Path, text: str) -> Path:
    path = folder / "theme.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_example_is_valid() -> None:
    example = load_theme(REPO / "configs" / "themes" / "example.yaml")
    assert example.company == "Example Works"
    assert example.logo == REPO / "configs" / "themes" / "example.svg"


def test_a_name_is_enough(tmp_path: Path) -> None:
    found = load_theme(theme(tmp_path, "company: Müller & Söhne\n"))
    assert (found.company, found.logo, found.accent, found.font) == (
        "Müller & Söhne",
        None,
        None,
        "",
    )


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("accent: teal", "theme.yaml:2: accent: write the colour as '#rrggbb', in quotes; found 'teal'"),
        ('accent: "#abcdef"', "hard to read on the light page: its contrast is 1.5"),
        ('accent_dark: "#222222"', "at least 4.5:1 is needed; choose a lighter colour"),
        ("font: 'x; } body { display: none'", "theme.yaml:2: font: a list of installed fonts"),
        ("font: url(http://x/y.woff)", "letters, digits, spaces, commas, - and pairs of quotes"),
        ('font: "''Arial"', None),
        ("acent: '#000000'", "unknown key 'acent'; did you mean 'accent'?"),
        ("logo: none.svg", "theme.yaml:2: logo: no such file: "),
        ("footer: [1]", "theme.yaml:2: footer: "),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path: Path, line: str, part: str | None) -> None:
    path = theme(tmp_path, f"company: X\n{line}\n")
    if part is None:
        load_theme(path)
        return
    with pytest.raises(ConfigError) as error:
        load_theme(path)
    assert part in error.value.message
    assert error.value.hint


def test_a_logo_that_is_too_large_or_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.png").write_bytes(PNG + bytes(200_000))
    with pytest.raises(ConfigError, match=r"theme.yaml:2: logo: big.png has 200 kB") as error:
        load_theme(theme(tmp_path, "company: X\nlogo: big.png\n"))
    assert "of up to 200 kB; found 'big.png'" in error.value.message
    (tmp_path / "logo.gif").write_bytes(b"GIF89a")
    with pytest.raises(ConfigError, match="neither SVG, PNG nor JPEG"):
        load_theme(theme(tmp_path, "company: X\nlogo: logo.gif\n"))


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this is a run config"):
        load_theme(REPO / "configs" / "quickstart.yaml")
    with pytest.raises(ConfigError, match="this is a theme"):
        load_run_config(theme(tmp_path, "company: X\n"))


@given(colour, colour)
def test_contrast_is_symmetric_and_between_1_and_21(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0000001


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WebAIM's example
