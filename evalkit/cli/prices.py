"""`evalkit prices`: what the price list says about a model, and where it has that from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.errors import ModelError
    from evalkit.prices import Price

_NAME_WIDTH = 15


@click.command("prices", short_help="Show the list price of a model.")
@click.argument("model", metavar="MODEL")
@click.option("--provider", metavar="ID", help="Only this provider, such as openai or azure.")
@click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The price on this day, from midnight UTC, instead of now.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(model: str, provider: str | None, day: datetime | None, as_json: bool) -> None:
    """Show the list price of MODEL at every provider that has it, the model's own vendor first.

    Prices come from the installed price list; nothing is fetched. A run uses the price of the provider that its
    endpoint belongs to. A list price knows no discounts: give a contract's price as `price:` of the model in the
    config.

    \b
    Examples:
      evalkit prices gpt-4o
      evalkit prices claude-sonnet-4-5 --provider anthropic --on 2026-01-31
    """
    from evalkit.prices import list_prices

    on = day.replace(tzinfo=UTC) if day else datetime.now(UTC)
    found = list_prices(model, on, provider)
    if not found:
        raise _unknown(model, on, provider)
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps([asdict(price) for price in found], indent=2, ensure_ascii=False))
        return
    for price in found:
        click.echo("\n".join([*_block(price), ""]))
    click.echo(
        f"List prices on {on:%Y-%m-%d}, without discounts and taxes. A contract's price goes into the config, as"
        " `price:` of the model."
    )


def _unknown(model: str, on: datetime, provider: str | None) -> ModelError:
    from evalkit.errors import ModelError
    from evalkit.prices import list_prices, snapshot, suggest

    where = f" at {provider}" if provider else ""
    others = [str(p.provider) for p in list_prices(model, on)] if provider else []
    near = suggest(model)
    give = "give `price:` of the model in the config."
    if others:
        hint = f"It is listed at {', '.join(others)}. Otherwise {give}"
    else:
        hint = (
            f"Did you mean {' or '.join(map(repr, near))}? Otherwise {give}"
            if near
            else give.capitalize()
        )
    return ModelError(f"{snapshot()} has no price per token for {model!r}{where}.", hint)


def _block(price: Price) -> Iterator[str]:
    from evalkit.report.format import MISSING

    def own_rate(value: float | None) -> str:
        return f"{MISSING} (charged as input)" if value is None else f"{value:g}"

    rows = {
        "list's id": [price.matched],
        "input": [f"{price.input_per_mtok_usd:g}"],
        "cached input": [own_rate(price.cached_input_per_mtok_usd)],
        "cache write": [own_rate(price.cache_write_per_mtok_usd)],
        "output": [f"{price.output_per_mtok_usd:g}"],
        "tier": price.tiers,
        "source": [price.source],
        "in force since": [price.since or MISSING],
        "checked": [price.date or MISSING],
        "pricing page": [price.url or MISSING],
        "comment": price.comments,
    }
    yield f"{price.model} at {price.provider}, in USD per million tokens"
    for name, texts in rows.items():
        for text in texts or (MISSING,):
            yield _row(name, text)


def _row(name: str, text: str) -> str:
    import textwrap

    return textwrap.fill(
        text,
        width=100,
        initial_indent=f"  {name:{_NAME_WIDTH}} ",
        subsequent_indent=" " * (_NAME_WIDTH + 3),
        break_long_words=False,  # a URL stays one
        break_on_hyphens=False,
    )
