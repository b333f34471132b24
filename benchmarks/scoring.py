"""evalkit's scoring engine against lm-eval's Hugging Face backend: same requests, same model, same process limits.

    python benchmarks/scoring.py                      # all works, about 20 minutes on two cores
    python benchmarks/scoring.py --work shared letters
    python benchmarks/scoring.py --peer-docs 0        # the peer answers every document, too (hours)
    python benchmarks/scoring.py --work generate --dtype bfloat16 --docs 32

Every measurement is a process of its own: model loading is not timed, tokenisation is, peak memory is the process's.
lm-eval runs with batch sizes 1, 8 and auto, and its fastest counts; a run that takes twice the fastest is stopped.
lm-eval's time is linear in the documents, so by default it answers only a few and is compared per document: the first
ones, and where answers are generated some of every length, since an answer takes as long as it gets.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

MODEL = "smollm2-135m"
MAX_LENGTH = 2048
PEER_BATCHES = ("1", "8", "auto")
TARGETS = {"shared": 12.0, "zero": 3.0, "letters": 4.0, "unshared": 3.0, "generate": 6.0}
TITLES = {
    "shared": "5-shot, multi-token answers, shared examples",
    "zero": "0-shot, multi-token answers",
    "letters": "5-shot, single letters",
    "unshared": "5-shot, other examples per document",
    "generate": "5-shot arithmetic, generated",
}
DOCS = {"shared": 120, "zero": 120, "letters": 120, "unshared": 40, "generate": 64}
_THINGS = [
    "invoice",
    "parcel",
    "contract",
    "refund",
    "laptop",
    "meeting",
    "password",
    "printer",
    "licence",
    "server",
]
_PLACES = [
    "warehouse",
    "office",
    "branch",
    "factory",
    "lobby",
    "laboratory",
    "archive",
    "workshop",
    "canteen",
    "garage",
]
_PEOPLE = ["Anna", "Boris", "Clara", "David", "Elena", "Frank", "Greta", "Henri", "Iris", "Jonas"]


def story(draw: random.Random) -> tuple[str, list[str], int]:
    """Return a question, its answers, and which is right."""
    thing, place, other = draw.choice(_THINGS), draw.choice(_PLACES), draw.choice(_PLACES)
    who, to = draw.sample(_PEOPLE, 2)
    question = (
        f"{who} took the {thing} number {draw.randrange(100, 999)} from the {place} on day {draw.randrange(1, 29)}"
        f" and gave it to {to}, who was waiting in the {other} and signed for it. Later that day a colleague asked"
        f" in writing where the {thing} had been kept before it was handed over, and who has it now."
    )
    answers = [
        f"It was kept in the {where}, and {whom} has it now"
        for where, whom in ((place, to), (other, who), (place, who), (other, to))
    ] + [f"Nobody knows where the {thing} is", f"It was sent back to the {place} by {to}"]
    return question, answers, 0


def contexts(work: str, n: int) -> Iterator[tuple[str, list[str]]]:
    """Yield a prompt and its answers per document."""
    draw = random.Random(5)
    examples = [story(draw) for _ in range(5)]
    for _ in range(n):
        question, answers, _right = story(draw)
        if work == "unshared":
            examples = [story(draw) for _ in range(5)]
        shots = [] if work == "zero" else examples
        if work == "letters":
            head = "".join(f"{_lettered(q, a)} {'ABCDEF'[right]}\n\n" for q, a, right in shots[:5])
            yield head + _lettered(question, answers), [f" {letter}" for letter in "ABCDEF"]
        else:
            head = "".join(f"Question: {q}\nAnswer: {a[right]}\n\n" for q, a, right in shots)
            yield f"{head}Question: {question}\nAnswer:", [f" {a}" for a in answers]


def _lettered(question: str, answers: list[str]) -> str:
    options = "\n".join(f"{letter}. {a}" for letter, a in zip("ABCDEF", answers, strict=True))
    return f"Question: {question}\n{options}\nAnswer:"


def arithmetic(folder: Path | None, n: int) -> Iterator[str]:
    """Yield 5-shot prompts: GSM8K from `folder`, else sums made here in its form."""
    if folder:
        train = [json.loads(line) for line in (folder / "gsm8k_train_50.jsonl").open()]
        test = [json.loads(line) for line in (folder / "gsm8k_test.jsonl").open()]
    else:
        draw = random.Random(7)
        train, test = ([_sum(draw) for _ in range(max(5, n))] for _ in range(2))
    head = "".join(f"Question: {d['question']}\nAnswer: {d['answer']}\n\n" for d in train[:5])
    for doc in test[:n]:
        yield f"{head}Question: {doc['question']}\nAnswer:"


def _sum(draw: random.Random) -> dict[str, str]:
    who, thing = draw.choice(_PEOPLE), draw.choice(_THINGS)
    a, b, c = (draw.randrange(3, 40) for _ in range(3))
    return {
        "question": f"{who} orders {a} boxes of the {thing} brochure in spring and {b} boxes in autumn. Each box costs"
        f" {c} dollars, and delivery is free above ten boxes. How many dollars does {who} pay in the whole year?",
        "answer": f"{who} orders {a} + {b} = {a + b} boxes in the whole year.\nThey cost {a + b} * {c} ="
        f" {(a + b) * c} dollars.\n#### {(a + b) * c}",
    }


def instances(work: str, n: int, folder: Path | None) -> list[Any]:
    """Return lm-eval's requests."""
    from lm_eval.api.instance import Instance

    if work == "generate":
        settings = {
            "until": ["Question:", "</s>", "<|im_end|>"],
            "max_gen_toks": 256,
            "do_sample": False,
        }
        return [
            Instance("generate_until", {}, (prompt, settings), 0, metadata=("t", i, 1))
            for i, prompt in enumerate(arithmetic(folder, n))
        ]
    return [
        Instance("loglikelihood", {}, (context, answer), idx, metadata=("t", i, 1))
        for i, (context, answers) in enumerate(contexts(work, n))
        for idx, answer in enumerate(answers)
    ]


def measure(
    system: str, work: str, n: int, folder: Path | None, dtype: str, only: frozenset[int] | None
) -> dict[str, Any]:
    """Answer the requests of some documents in this process."""
    from evalkit.backends.embedded import embedded_folder

    requests = [r for r in instances(work, n, folder) if only is None or r.doc_id in only]
    model = str(embedded_folder(MODEL))
    extra: Callable[[], dict[str, Any]] = dict
    if system == "evalkit":
        lm, extra = _evalkit(model, dtype)
    else:
        from lm_eval.models.huggingface import HFLM

        lm = HFLM(
            pretrained=model,
            dtype=dtype,
            device="cpu",
            batch_size=system if system == "auto" else int(system),
            max_batch_size=64,
            max_length=MAX_LENGTH,
        )
    print("ready", flush=True)
    start = time.perf_counter()
    ask = lm.generate_until if work == "generate" else lm.loglikelihood
    answers = ask(requests)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "answers": answers,
        **extra(),
    }


def _evalkit(model: str, dtype: str) -> tuple[Any, Callable[[], dict[str, Any]]]:
    from evalkit.backends.hf import HuggingFaceBackend
    from evalkit.config import ModelSpec
    from evalkit.harness.lm import BackendLM, CellContext

    spec = {"name": "m", "source": model, "dtype": dtype, "device": "cpu"}
    options = {"generate_batch_size": "auto", "max_length": MAX_LENGTH}
    backend = HuggingFaceBackend.open(ModelSpec.model_validate(spec | options))

    def book() -> dict[str, Any]:
        (record,) = backend.engine_records()
        inner = backend._model
        vocabulary, width = inner.get_output_embeddings().weight.shape
        body = sum(p.numel() for p in inner.parameters()) - vocabulary * width
        return {
            "path": record.path,
            "reason": record.reason,
            "difference": record.max_difference,
            "tokens": record.tokens_computed,
            "near_ties": record.n_near_ties,
            "exactness": record.exactness,
            "body": body,
            "head": vocabulary * width,
        }

    context = CellContext("m/s/0", 0, "hf")
    return BackendLM(backend, context, {}, lambda *_: None), book


def peak_flops() -> float:
    """Return what a large float32 matrix product reaches on this machine."""
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    best = float("inf")
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best


def spawn(
    system: str,
    work: str,
    n: int,
    args: argparse.Namespace,
    limit_s: float | None,
    only: Sequence[int] = (),
) -> dict[str, Any] | None:
    """Measure in a process of its own; None when it took longer than `limit_s`."""
    from evalkit.cli.processors import SETTINGS

    command = [sys.executable, __file__, "--measure", system, "--work", work, "--docs", str(n)]
    command += ["--dtype", args.dtype, *(["--gsm8k", args.gsm8k] if args.gsm8k else [])]
    command += ["--only", *map(str, only)] if only else []
    quiet = {
        **SETTINGS,
        "TQDM_DISABLE": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **quiet},
    ) as process:
        assert process.stdout
        while (line := process.stdout.readline()) and line.strip() != "ready":
            pass
        try:
            out, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    if process.returncode:
        raise SystemExit(f"{system} failed on {work}: run {' '.join(command)}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def compare(work: str, args: argparse.Namespace, peak: float) -> None:
    """Measure peers and evalkit on one work and print the ratio."""
    n = args.docs or DOCS[work]
    n_peer = min(n, args.peer_docs or n)
    if work == "generate" and args.peer_docs:
        n_peer = min(n, 2 * args.peer_docs)
    best: tuple[float, str, dict[str, Any]] | None = None
    print(f"\n{work}: {TITLES[work]}; {n} documents, lm-eval {n_peer}", flush=True)
    ours = spawn("evalkit", work, n, args, None)
    assert ours
    per_doc = ours["seconds"] / n
    how = ours["exactness"] if work == "generate" else ours["path"]
    _line(f"evalkit, {how}", per_doc, ours)
    chosen = _of_every_length(ours["answers"], n_peer) if work == "generate" else range(n_peer)
    for batch in args.peer_batches:
        limit = 2 * best[0] * n_peer if best else None
        found = spawn(batch, work, n, args, limit, chosen)
        if found is None:
            print(f"  lm-eval, batch {batch:<5} stopped after {limit:.0f} s: slower", flush=True)
            continue
        peer_per_doc = found["seconds"] / n_peer
        _line(f"lm-eval, batch {batch}", peer_per_doc, found)
        if best is None or peer_per_doc < best[0]:
            best = peer_per_doc, batch, found
    assert best
    ratio, memory = best[0] / per_doc, ours["peak_bytes"] / best[2]["peak_bytes"]
    print(f"  → {ratio:.1f} × (target {TARGETS[work]:g}), peak memory {memory:.2f} × (target 1.2)")
    mine = [ours["answers"][i] for i in chosen] if work == "generate" else ours["answers"]
    print(f"    {_agreement(work, mine, best[2]['answers'])}")
    if ours["tokens"]:
        flops = 2 * (ours["tokens"] * ours["body"] + _scored_positions(work, n) * ours["head"])
        share = flops / peak / ours["seconds"]
        print(
            f"    {ours['tokens']} tokens computed; matmul limit is {share:.0%} of the time taken"
        )


def _of_every_length(answers: Sequence[str], n: int) -> list[int]:
    """Return the places of `n` answers, one from each of `n` equal parts of all when ordered by length."""
    by_length = sorted(range(len(answers)), key=lambda i: len(answers[i]))
    return sorted(by_length[(2 * part + 1) * len(answers) // (2 * n)] for part in range(n))


def _line(name: str, per_doc: float, found: dict[str, Any]) -> None:
    print(
        f"  {name:<20} {per_doc:8.3f} s/doc   peak {found['peak_bytes'] / 1e9:.2f} GB", flush=True
    )


def _agreement(work: str, ours: list[Any], theirs: list[Any]) -> str:
    both = list(zip(ours, theirs, strict=False))
    if work == "generate":
        same = sum(a == b.lstrip() for a, b in both)  # evalkit drops white space before an answer
        return f"{same} of {len(both)} texts equal lm-eval's"
    worst = max(abs(a[0] - b[0]) for a, b in both)
    docs = [both[i : i + 6] for i in range(0, len(both), 6)]
    same = sum(
        max(range(6), key=lambda i, d=d: d[i][0][0]) == max(range(6), key=lambda i, d=d: d[i][1][0])
        for d in docs
    )
    return f"log-likelihoods within {worst:.1e} nats; {same} of {len(docs)} chosen answers equal lm-eval's"


def _scored_positions(work: str, n: int) -> int:
    """Return how many different positions predict an answer's token."""
    from transformers import AutoTokenizer

    from evalkit.backends.embedded import embedded_folder
    from evalkit.engine.tokens import Tokenization

    tokens = Tokenization(AutoTokenizer.from_pretrained(embedded_folder(MODEL)))
    total = 0
    for context, answers in contexts(work, n):
        pairs = [tokens.encode_pair(context, a) for a in answers]
        total += len({(*p.continuation[:i],) for p in pairs for i in range(len(p.continuation))})
    return total


def main() -> None:
    """Read the command line; measure here, or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", nargs="+", choices=list(TARGETS), default=list(TARGETS))
    parser.add_argument("--docs", type=int, default=0, help="documents for evalkit")
    parser.add_argument("--peer-docs", type=int, default=8, help="documents for lm-eval; 0: all")
    parser.add_argument("--peer-batches", nargs="+", choices=PEER_BATCHES, default=PEER_BATCHES)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--gsm8k", help="folder with gsm8k_train_50.jsonl and gsm8k_test.jsonl")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="+", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        folder = Path(args.gsm8k) if args.gsm8k else None
        only = frozenset(args.only) if args.only else None
        found = measure(args.measure, args.work[0], args.docs, folder, args.dtype, only)
        print(json.dumps(found))
        return
    from evalkit.meters.cores import allotted_cores

    peak = peak_flops()
    print(
        f"{platform.machine()}, {allotted_cores():g} cores, float32 matmul {peak / 1e9:.0f} GFLOP/s"
    )
    print(f"{MODEL}, {args.dtype}; model loading not timed, tokenisation timed")
    for work in args.work:
        compare(work, args, peak)


if __name__ == "__main__":
    main()
