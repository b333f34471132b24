"""`evalkit docs`: the documentation and example configs that come with evalkit."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from evalkit.distribution import shipped


def _complete(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [CompletionItem(name) for name in _pages() if name.startswith(incomplete)]


@click.command("docs", short_help="Read the documentation; list the example configs.")
@click.argument("page", metavar="[PAGE]", required=False, shell_complete=_complete)
def command(page: str | None) -> None:
    """Print a PAGE of the documentation, or list all pages and the example configs.

    \b
    Examples:
      evalkit docs
      evalkit docs gate
    """
    from evalkit.errors import UsageError, did_you_mean

    pages = _pages()
    if page is None:
        _list(pages)
        return
    name = page.removesuffix(".md")
    if name not in pages:
        hint = did_you_mean(name, pages, "`evalkit docs` lists the pages.")
        raise UsageError(f"There is no page {page!r}.", hint)
    click.echo_via_pager(pages[name].read_text(encoding="utf-8").rstrip())


def _list(pages: dict[str, Path]) -> None:
    width = max(map(len, pages), default=0)
    for name, file in pages.items():
        title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        click.echo(f"{name:{width}}  {title}")
    configs = shipped("configs")
    click.echo(f"\nExample configs, in {configs}:")
    for file in sorted(configs.rglob("*.yaml")):
        click.echo(f"  configs/{file.relative_to(configs).as_posix()}")


def _pages() -> dict[str, Path]:
    folder = shipped("docs")
    files = sorted(folder.rglob("*.md"))
    return {f.relative_to(folder).with_suffix("").as_posix(): f for f in files}
