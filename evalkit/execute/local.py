"""Runs a plan in this process: start or resume, and leave a run directory that can be trusted."""

from __future__ import annotations

from pathlib import Path

from evalkit.config.run import RunConfig
from evalkit.errors import UsageError
from evalkit.execute.cell import DocsWork
from evalkit.execute.progress import Tell
from evalkit.execute.session import begun, go_on, start
from evalkit.execute.work import RunOptions
from evalkit.plan import Plan, make_plan
from evalkit.store.journal import JOURNAL, Journal
from evalkit.store.manifest import read_manifest


def start_run(
    plan: Plan, config_file: Path | None, tell: Tell, options: RunOptions | None = None
) -> Path:
    """Make a run directory and work through the plan.

    Returns:
        The run directory. Its manifest says `complete`, or `partial` when interrupted or when cells failed.

    Raises:
        UsageError: Nothing was written.
    """
    return start(DocsWork(plan, options), config_file, tell)


def resume_run(
    folder: Path, config: RunConfig | None, tell: Tell, options: RunOptions | None = None
) -> None:
    """Go on with a run that was interrupted.

    Args:
        folder: The run directory.
        config: Must ask for the same as the stored one; None takes the stored one.
        tell: Told what happens.
        options: How this session works.

    Raises:
        UsageError: The config asks for something else than the run did.
        DataError: The directory is damaged, or its journal is gone.
    """
    manifest = begun(folder, "run")
    stored = RunConfig.model_validate(manifest.config)
    _check_same(folder, stored, config)

    def again() -> DocsWork:
        plan = make_plan(stored)
        if plan.hash != manifest.plan_hash:
            raise UsageError(
                f"{folder}: task data or prompts changed since the run began (plan hash differs).",
                "Restore the tasks, or start a new run.",
            )
        return DocsWork(plan, options)

    go_on(folder, manifest, again, tell)


def answered_requests(folder: Path, plan: Plan) -> dict[str, int]:
    """Return how many requests of each cell a run has answered.

    Raises:
        UsageError: The run was made from another plan.
    """
    manifest = read_manifest(folder)
    if manifest.plan_hash != plan.hash:
        raise UsageError(
            f"{folder}: this run was made from another plan (plan hash differs).",
            "Config or task data changed since: start a new run.",
        )
    if manifest.state == "complete":
        return {cell.cell_id: cell.n_requests for cell in manifest.cells}
    with Journal(folder / JOURNAL) as journal:
        return {
            cell.cell_id: sum(r.is_measured for r in journal.requests(cell.cell_id))
            for cell in manifest.cells
        }


def _check_same(folder: Path, stored: RunConfig, given: RunConfig | None) -> None:
    if given is None:
        return
    for key in ("models", "suites", "include_paths", "allow_task_code"):
        if getattr(stored, key) != getattr(given, key):
            raise UsageError(
                f"{folder}: the config asks for other {key} than the run it should resume.",
                "Resume without a config to go on as planned, or start a new run with this one.",
            )
