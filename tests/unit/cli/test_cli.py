"""Manners of the command line: help, versions, exit codes, suggestions."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from evalkit.cli import COMMANDS, main
from evalkit.errors import EXIT_CODES
from tests.conftest import REPO


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


def leaves() -> list[list[str]]:
    found = []
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        if isinstance(command, click.Group):
            found += [[name, sub] for sub in command.commands]
        else:
            found.append([name])
    return found


def test_help_lists_every_command_and_every_exit_code() -> None:
    code, output = invoke("--help")
    assert code == 0
    for name in COMMANDS:
        assert f"  {name} " in output
    for text in EXIT_CODES.values():
        assert text[:30] in output


@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_every_command_has_help_with_an_example(path: list[str]) -> None:
    code, output = invoke(*path, "--help")
    assert code == 0
    assert "Example" in output
    assert f"evalkit {' '.join(path)}" in output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_the_command_says(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.short_help == COMMANDS[name][1]


def test_a_misspelt_command_gets_a_suggestion() -> None:
    code, output = invoke("rnu")
    assert code == 2
    assert "Did you mean 'run'?" in output


def test_version_names_what_matters() -> None:
    code, output = invoke("--version")
    assert code == 0
    for name in ("evalkit", "python", "lm_eval", "torch", "transformers"):
        assert name in output


def test_config_check_says_ok() -> None:
    code, output = invoke("config", "check", str(REPO / "configs" / "quickstart.yaml"))
    assert code == 0
    assert "ok" in output


def test_the_schema_is_json() -> None:
    code, output = invoke("config", "schema")
    assert code == 0
    assert json.loads(output)["title"] == "RunConfig"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(shell: str) -> None:
    code, output = invoke("completion", shell)
    assert code == 0
    assert "_EVALKIT_COMPLETE" in output


def test_models_list_shows_licence_and_state() -> None:
    code, output = invoke("models", "list")
    assert code == 0
    assert "Apache-2.0" in output
    assert "gemma-3-270m" in output


def test_pulling_an_unknown_model_gets_a_suggestion() -> None:
    code, output = invoke("models", "pull", "smollm-135m")
    assert code == 2
    assert "'smollm2-135m'" in output


@pytest.mark.parametrize("command", ["show", "report", "verify"])
def test_what_is_no_run_is_refused_with_exit_code_4(command: str, tmp_path: object) -> None:
    code, output = invoke(command, str(tmp_path))
    assert code == 4
    assert "not a run directory" in output
    assert ".." not in output.replace(str(tmp_path), "")


def test_ls_of_nothing_says_so(tmp_path: object) -> None:
    code, output = invoke("ls", str(tmp_path))
    assert code == 0
    assert "no runs" in output


def test_ls_of_a_folder_that_is_not_there_names_it() -> None:
    code, output = invoke("ls", "no-such-folder")
    assert code == 2
    assert "'no-such-folder' does not exist" in output


def completed(*words: str) -> list[str]:
    """What the shell is offered for the last word."""
    from click.shell_completion import ShellComplete

    shell = ShellComplete(main, {}, "evalkit", "_EVALKIT_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("run", "CONFIG", "-m", ""), ["smollm2-135m", "gemma-3-270m"]),
        (("run", "CONFIG", "--suite", "w"), ["write"]),
        (("plan", "CONFIG", "-m", "gem"), ["gemma-3-270m"]),
        (("models", "info", "smol"), ["smollm2-135m"]),
        (("docs", "ga"), ["gate"]),
    ],
)
def test_names_are_completed(words: tuple[str, ...], offered: list[str]) -> None:
    config = str(REPO / "configs/quickstart.yaml")
    assert completed(*(w.replace("CONFIG", config) for w in words)) == offered


@pytest.mark.parametrize("typed", ["", "mon", "results/", "results/mon"])
def test_run_directories_are_completed(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "results" / "monday-20261130-050231"
    run.mkdir(parents=True)
    (tmp_path / "results" / "notes").mkdir()
    (run / "manifest.json").touch()
    monkeypatch.chdir(tmp_path)
    assert completed("show", typed) == ["results/monday-20261130-050231"]


def test_the_shipped_configs_are_found_outside_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = invoke("config", "check", "configs/quickstart.yaml")
    assert code == 0
    assert "evalkit's own is read" in output
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "quickstart.yaml").write_text("name: [")
    assert (
        invoke("config", "check", "configs/quickstart.yaml")[0] == 2
    )  # the user's own comes first


def test_docs_are_read_where_evalkit_is_installed() -> None:
    assert "  configs/quickstart.yaml" in invoke("docs")[1]
    assert invoke("docs", "gate")[1] == (REPO / "docs/gate.md").read_text()
    code, output = invoke("docs", "gaet")
    assert (code, "Did you mean 'gate'?" in output) == (2, True)
