"""The two clients that benchmarks/meters.py compares: each runs as its users run it, and is read request by request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import yaml

from evalkit.analysis.summary import analyse
from evalkit.backends.sources import find_source
from evalkit.config import BenchConfig, ModelSpec, PromptSpec
from evalkit.loadgen.prompts import SyntheticPrompts, words_of_tokenizer
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S
from evalkit.store.run_dir import open_run

MODEL = "smollm2-135m"
PROMPT_TOKENS = 16
_N_PROMPTS = 4000
_LEAST_TOKENS = 8
"""Of an answer that was cut off."""


@dataclass(frozen=True, slots=True)
class Case:
    """One load on one server."""

    name: str
    command: tuple[str, ...]
    """Starts the server; `{port}` stands for the port."""
    model: str
    streams: tuple[int, ...]
    tokens: int
    warmup_s: float
    measure_s: float
    ttft_s: float | None = None
    """To the first token, where the server is told."""
    tpot_s: float | None = None
    """Between tokens, likewise."""
    env: tuple[tuple[str, str], ...] = ()
    """Further variables of the server."""

    @property
    def slug(self) -> str:
        """The name for files."""
        return "".join(c if c.isalnum() else "-" for c in self.name)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one client said of one step."""

    streams: int
    n: int
    """Requests that count."""
    ttft_s: float | None
    tpot_s: float | None
    tokens_per_s: float | None
    prompt_tokens: float | None
    """Per request, as the server counted."""
    output_tokens: float | None
    start_ns: int
    end_ns: int


Client = Callable[[Case, str, int, Path], list[Reading]]


def run_evalkit(case: Case, url: str, number: int, folder: Path) -> list[Reading]:
    """Run `evalkit bench` and read its facts."""
    out = folder / f"{case.slug}-evalkit-{number}"
    config = folder / f"{case.slug}-evalkit-{number}.yaml"
    config.write_text(yaml.safe_dump(_bench_config(case, url)), encoding="utf-8")
    _run(
        [
            sys.executable,
            "-m",
            "evalkit",
            "bench",
            str(config),
            "-o",
            str(out),
            "--no-report",
            "--quiet",
        ]
    )
    (run_folder,) = (path.parent for path in out.glob("*/manifest.json"))
    run = open_run(run_folder)
    facts = analyse(run)
    found = []
    for level, step, record in zip(facts.levels, facts.steps, run.steps, strict=True):
        load = step.load
        n = load.n_due - load.n_failed
        found.append(
            Reading(
                streams=level.concurrency or 0,
                n=n,
                ttft_s=level.latencies["ttft_s_p50"].value,
                tpot_s=level.latencies["tpot_s_p50"].value,
                tokens_per_s=level.output_tokens_per_s.value,
                prompt_tokens=load.input_tokens / n if load.input_tokens and n else None,
                output_tokens=load.output_tokens / n if load.output_tokens and n else None,
                start_ns=record.t_steady_ns or 0,
                end_ns=record.t_cool_ns or 0,
            )
        )
    return found


def _bench_config(case: Case, url: str) -> dict[str, Any]:
    """Return a config with one profile; the tokenizer makes words of exactly one token, whatever the server counts."""
    longest_s = 2.0 + case.tokens * 0.1
    profile = {
        "name": "p",
        "load": {"kind": "concurrency", "concurrency": list(case.streams)},
        "prompts": {"lengths": [[PROMPT_TOKENS, case.tokens]], "tokenizer": MODEL},
        "warmup_s": case.warmup_s,
        "measure_s": case.measure_s,
        "cooldown_s": longest_s,
        "idle_s": 0,
    }
    endpoint = {"base_url": f"{url}/v1"}
    model = {"name": "m", "backend": "openai", "source": case.model, "endpoint": endpoint}
    config = {"name": "meters", "models": [model], "profiles": [profile]}
    BenchConfig.model_validate(config)  # a mistake here shows before anything is started
    return config


def run_guidellm(case: Case, url: str, number: int, folder: Path) -> list[Reading]:
    """Run `guidellm run` and read the records of its requests."""
    out = folder / f"{case.slug}-guidellm-{number}.json"
    streams = json.dumps(list(case.streams))
    backend = {
        "kind": "openai_http",
        "target": url,
        "model": case.model,
        "max_tokens": case.tokens,
        "extras": {"body": {"temperature": 0.0}},
    }
    command = [str(Path(sys.executable).with_name("guidellm")), "run"]
    command += ["--backend", json.dumps(backend)]
    command += ["--profile", json.dumps({"kind": "concurrent", "streams": json.loads(streams)})]
    command += ["--constraint", f"kind=max_duration,seconds={case.warmup_s + case.measure_s}"]
    command += ["--data", f"kind=json_file,path={_prompt_file(case, folder)}"]
    command += ["--metrics", "kind=generative,sample_size=0", "--disable-console"]
    command += ["--output", f"kind=json,path={out}"]
    _run(command)
    benchmarks = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    return [_peer_reading(case, n, b) for n, b in zip(case.streams, benchmarks, strict=True)]


def _prompt_file(case: Case, folder: Path) -> Path:
    """Write the prompts evalkit sends, too: same words, same order."""
    file = folder / f"{case.slug}.jsonl"
    if not file.exists():
        spec = PromptSpec(lengths=((PROMPT_TOKENS, case.tokens),))
        prompts = SyntheticPrompts(
            spec, words_of_tokenizer(model_folder() / "tokenizer.json"), "0/p/0/0"
        )
        texts = (prompts.draw(i).turns[0].text for i in range(_N_PROMPTS))
        file.write_text("".join(json.dumps({"prompt": t}) + "\n" for t in texts), encoding="utf-8")
    return file


def _peer_reading(case: Case, streams: int, benchmark: dict[str, Any]) -> Reading:
    """Compute of guidellm's records what evalkit computes of its own.

    guidellm cuts requests off at the end, where evalkit waits for them; cut ones count for TPOT and tokens/s.
    """
    start = benchmark["start_time"] + case.warmup_s
    end = start + case.measure_s
    done, cut = (benchmark["requests"][kind] for kind in ("successful", "incomplete"))
    good = [r for r in done if start <= _times(r)["request_start"] < end]
    ttfts = [_times(r)["first_token_iteration"] - _times(r)["request_start"] for r in good]
    tpots = [tpot for r in [*done, *cut] if (tpot := _tpot_s(r, start, end)) is not None]
    tokens = sum(_tokens_between(_times(r), start, end) for r in [*done, *cut])
    wall_minus_perf = time.time_ns() - now_ns()
    return Reading(
        streams=streams,
        n=len(good),
        ttft_s=median(ttfts) if ttfts else None,
        tpot_s=median(tpots) if tpots else None,
        tokens_per_s=tokens / case.measure_s,
        prompt_tokens=_mean([r["prompt_tokens"] for r in good]),
        output_tokens=_mean([r["output_tokens"] for r in good]),
        start_ns=round(start * NS_PER_S) - wall_minus_perf,
        end_ns=round(end * NS_PER_S) - wall_minus_perf,
    )


def _tpot_s(record: dict[str, Any], start: float, end: float) -> float | None:
    """Return the TPOT of a request that was answered within a window, or partly; None where too few tokens came."""
    times = _times(record)
    first, last = times["first_token_iteration"], times["last_token_iteration"]
    n = (
        record["output_tokens"]
        if record["info"]["status"] == "completed"
        else times["token_iterations"]
    )
    if first is None or last is None or first >= end or last < start or (n or 0) < _LEAST_TOKENS:
        return None
    return float((last - first) / (n - 1))


def _times(record: dict[str, Any]) -> dict[str, Any]:
    times: dict[str, Any] = record["info"]["timings"]
    return times


def _tokens_between(times: dict[str, Any], start: float, end: float) -> float:
    """Return the tokens of a request that came in a window, evenly spread from its first to its last."""
    first, last, n = (
        times["first_token_iteration"],
        times["last_token_iteration"],
        times["token_iterations"],
    )
    if first is None or last is None or not n:
        return 0.0
    if last <= first:
        return float(n) if start <= first < end else 0.0
    return float(n * max(0.0, min(last, end) - max(first, start)) / (last - first))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return fmean(known) if known else None


CLIENTS: dict[str, Client] = {"evalkit": run_evalkit, "guidellm": run_guidellm}


def model_folder() -> Path:
    """Return where the embedded model is."""
    source = find_source(ModelSpec(name="m", source=MODEL))
    if source is None:
        raise SystemExit(f"{MODEL} is not here: evalkit models pull {MODEL}")
    return source.folder


def _run(command: Sequence[str]) -> None:
    env = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def warm_up(url: str, model: str) -> None:
    """Ask once: some servers load, or reserve memory, at their first request."""
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()
