"""`evalkit completion`: shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion", short_help="Print the shell completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that lets SHELL complete commands and options.

    \b
    Examples:
      evalkit completion bash >> ~/.bashrc
      evalkit completion fish > ~/.config/fish/completions/evalkit.fish
    """
    from evalkit.cli import main

    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(main, {}, "evalkit", "_EVALKIT_COMPLETE").source())
