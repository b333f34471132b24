"""`evalkit prices`: numbers, their source and date, and what to do when there is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.prices import list_prices, snapshot
from evalkit.report.format import MISSING

DAY = "2026-11-23"
ON = datetime(2026, 11, 23, tzinfo=UTC)


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["prices", *arguments])
    return result.exit_code, result.output


def rows(block: str) -> dict[str, str]:
    """Name → text of the rows of one block that fit on a line."""
    lines = (line for line in block.splitlines() if line.startswith("  ") and line[2] != " ")
    return {line[2:17].strip(): line[18:] for line in lines}


def test_a_known_model_shows_price_and_source() -> None:
    (price,) = list_prices("claude-sonnet-4-5", ON, "anthropic")
    code, output = invoke("claude-sonnet-4-5", "--provider", "anthropic", "--on", DAY)
    assert code == 0
    shown = rows(output)
    assert shown["input"] == f"{price.input_per_mtok_usd:g}"
    assert shown["cached input"] == f"{price.cached_input_per_mtok_usd:g}"
    assert shown["cache write"] == f"{price.cache_write_per_mtok_usd:g}"
    assert shown["output"] == f"{price.output_per_mtok_usd:g}"
    assert shown["list's id"] == price.matched
    assert shown["source"] == snapshot()
    assert shown["pricing page"] == price.url


def test_it_says_that_a_list_price_is_no_contract() -> None:
    _, output = invoke("gpt-4o", "--on", DAY)
    assert f"List prices on {DAY}" in output
    assert "`price:`" in output


def test_every_provider_gets_a_block_the_vendor_first() -> None:
    _, output = invoke("gpt-4o", "--on", DAY)
    titles = [line for line in output.splitlines() if line.startswith("gpt-4o at ")]
    assert titles[0].startswith("gpt-4o at openai,")
    assert len(titles) == len(list_prices("gpt-4o", ON)) > 1


def test_what_the_list_does_not_know_is_a_dash() -> None:
    (price,) = list_prices("gpt-4o", ON, "openai")
    assert price.date is None
    assert price.cache_write_per_mtok_usd is None
    shown = rows(invoke("gpt-4o", "--provider", "openai", "--on", DAY)[1])
    assert shown["checked"] == MISSING
    assert shown["cache write"] == f"{MISSING} (charged as input)"


def test_a_pricing_page_stays_one_word() -> None:
    (price,) = list_prices("gpt-4o", ON, "azure")
    assert price.url is not None
    assert price.url in invoke("gpt-4o", "--provider", "azure", "--on", DAY)[1]


def test_tiers_are_told() -> None:
    (price,) = list_prices("gemini-2.5-pro", ON, "google")
    _, output = invoke("gemini-2.5-pro", "--provider", "google", "--on", DAY)
    assert price.tiers
    assert price.tiers[0] in " ".join(output.split())


def test_json_has_every_price_and_null_for_what_is_missing() -> None:
    code, output = invoke("gpt-4o", "--on", DAY, "--json")
    assert code == 0
    found = json.loads(output)
    assert [p["provider"] for p in found] == [p.provider for p in list_prices("gpt-4o", ON)]
    assert found[0]["model"] == "gpt-4o"
    assert found[0]["source"] == snapshot()
    assert found[0]["date"] is None


def test_an_unknown_model_gets_near_names_and_a_way_out() -> None:
    code, output = invoke("gpt4o-mini")
    assert code == 2
    assert "'gpt4o-mini'" in output
    assert "'gpt-4o-mini'" in output
    assert "give `price:` of the model in the config" in output


def test_a_name_like_no_other_still_gets_a_way_out() -> None:
    code, output = invoke("###")
    assert code == 2
    assert "Did you mean" not in output
    assert "Give `price:` of the model in the config" in output


def test_a_model_of_another_provider_says_where_it_is() -> None:
    code, output = invoke("gemini-2.5-pro", "--provider", "openai")
    assert code == 2
    assert "It is listed at google" in output


@pytest.mark.parametrize(
    "arguments", [["gpt-4o", "--provider", "opnai"], ["gpt-4o", "--on", "May"]]
)
def test_wrong_options_are_the_users_mistake(arguments: list[str]) -> None:
    code, output = invoke(*arguments)
    assert code == 2
    assert "Traceback" not in output
