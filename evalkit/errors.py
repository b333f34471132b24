"""Everything that can go wrong for a user, as one tree, and the exit code of each.

    EvalkitError                1  something failed while working
    ├── UsageError              2  the input is wrong; nothing was written
    │   ├── ConfigError            a config file: unknown key, wrong type, wrong value
    │   ├── TaskError              unknown task, task data not available, task code not allowed
    │   ├── ModelError             unknown model, model folder incomplete, dtype or device not supported
    │   └── OutputError            results folder not writable, no disk space
    ├── ExecutionError          1  a model could not load or answer
    │   ├── OutOfMemoryError       even one request at a time does not fit
    │   ├── NotNumbersError        a model's logits are NaN or infinite
    │   ├── ScoringError           `--verify-scoring` found other log-likelihoods than the reference
    │   ├── EndpointError          an API does not answer at all
    │   └── StoppedError           budget or deadline reached; what was done is kept
    ├── PartialRunError         3  the run ended early; what was done is kept and can be resumed
    └── DataError               4  a run directory is damaged, half-written or of another version

`EXIT_CODES` is the table that `evalkit --help` and the docs print.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns to the shell."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    DATA = 4


EXIT_CODES: dict[ExitCode, str] = {
    ExitCode.OK: "everything asked for was done",
    ExitCode.FAILED: "something failed while working; gate: the candidate fails",
    ExitCode.USAGE: "wrong input: option, config, task, model or folder; nothing was written",
    ExitCode.PARTIAL: "not complete: interrupted, or some cells failed; what was done is kept; gate: not decided",
    ExitCode.DATA: "a run directory is damaged, half-written or of another version; gate: not measured alike",
}


class EvalkitError(Exception):
    """What happened, and what to do about it.

    Args:
        message: What happened, naming the file, line, key and value where there is one.
        hint: What the user can do next; may be empty.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(EvalkitError):
    """The input is wrong; nothing was written."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A config file holds an unknown key, a wrong type or a wrong value."""


class TaskError(UsageError):
    """A task is unknown, its data is not available, or its code is not allowed."""


class ModelError(UsageError):
    """A model is unknown, its folder is incomplete, or it can't run on this device."""


class OutputError(UsageError):
    """The results folder can't be written, or the disk is full."""


class ExecutionError(EvalkitError):
    """A model could not load or answer."""


class OutOfMemoryError(ExecutionError):
    """Even one request at a time does not fit into memory."""


class NotNumbersError(ExecutionError):
    """A model's logits are NaN or infinite, so there is nothing to score or to choose a token from."""


class ScoringError(ExecutionError):
    """Log-likelihoods over shared prefixes are not those of the reference path."""


class EndpointError(ExecutionError):
    """An API failed so often in a row that asking on makes no sense."""


class StoppedError(ExecutionError):
    """The run's budget or deadline forbids another request."""


class PartialRunError(EvalkitError):
    """The run ended early; what was done is kept and can be resumed."""

    exit_code = ExitCode.PARTIAL


class DataError(EvalkitError):
    """A run directory is damaged, half-written or of another version."""

    exit_code = ExitCode.DATA


def reason_of(error: Exception) -> str:
    """Return what went wrong, with the kind of error where it is not one of ours."""
    return str(error) if isinstance(error, EvalkitError) else f"{type(error).__name__}: {error}"


def did_you_mean(
    name: str,
    known: Iterable[str],
    otherwise: str = "",
    *,
    what: str = "",
    most: int = 1,
    cutoff: float = 0.6,
) -> str:
    """Return a hint that names the nearest known names, or `otherwise` when none is near.

    Args:
        name: What the user wrote.
        known: What there is.
        otherwise: The hint when nothing is near.
        what: What the names are, with a space behind it.
        most: How many names to suggest.
        cutoff: How alike they must be, from 0 to 1.
    """
    import difflib

    near = difflib.get_close_matches(name, list(known), n=most, cutoff=cutoff)
    return f"Did you mean {what}{' or '.join(map(repr, near))}?" if near else otherwise
