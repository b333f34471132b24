"""Words and phrases that say the same, in whatever form."""

from __future__ import annotations

import pytest

from evalkit.reading.synonyms import are_known, in_single_words, say_the_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("deleted", "erasing"),
        ("gelöscht", "entfernte"),
        ("verlängert", "Verlängerung"),
        ("buy", "purchased"),
    ],
)
def test_forms_of_one_set_say_the_same(one: str, other: str) -> None:
    """Endings and a participle's prefix make no difference."""
    assert say_the_same(one.casefold(), other.casefold())


@pytest.mark.parametrize(
    ("one", "other"), [("deleted", "repaired"), ("rose", "fell"), ("Mieter", "Vermieter")]
)
def test_words_of_different_sets_say_different_things(one: str, other: str) -> None:
    """Where both are known and share no set, they are no synonyms."""
    assert not say_the_same(one.casefold(), other.casefold())
    assert are_known(one.casefold(), other.casefold())


def test_a_phrase_becomes_one_word() -> None:
    """Its negation goes with it."""
    assert in_single_words("They aren't considered.") == "They are ignore."
    assert in_single_words("Vater oder Mutter zahlen") == "eltern zahlen"
