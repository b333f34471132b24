"""Does `generation: fast` score otherwise than `exact`? The same model, the same docs, both ways, below float32.

    python benchmarks/fast.py                        # the shipped generated tasks, 20 docs each
    python benchmarks/fast.py --gsm8k FOLDER         # GSM8K, 5-shot, too
    python benchmarks/fast.py --docs 100 --dtype float16

Answers of `fast` are rounded as the batch rounds, so some differ from what the prompt alone would give. What counts is
whether scores differ beyond chance: `evalkit compare` pairs the docs and tests that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from scoring import arithmetic

EVALKIT = [sys.executable, "-m", "evalkit"]
TASKS = ["invoice_extraction", "grounded_qa", "table_arithmetic"]


def gsm8k(source: Path, folder: Path) -> str:
    """Write a task over GSM8K's own rows; return its name."""
    rows = [json.loads(line) for line in (source / "gsm8k_test.jsonl").open()]
    with (folder / "gsm8k.jsonl").open("w") as file:
        for row, asked in zip(rows, arithmetic(source, len(rows)), strict=True):
            gold = row["answer"].rpartition("#### ")[2]
            file.write(json.dumps({"prompt": asked, "gold": gold}) + "\n")
    task = {
        "task": "gsm8k_rows",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "gsm8k.jsonl")}},
        "output_type": "generate_until",
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{gold}}",
        "generation_kwargs": {"until": ["Question:"], "max_gen_toks": 256, "do_sample": False},
        "filter_list": [
            {
                "name": "number",
                "filter": [
                    {"function": "regex", "regex_pattern": "#### (\\-?[0-9\\.\\,]+)"},
                    {"function": "take_first"},
                ],
            }
        ],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / "gsm8k.yaml").write_text(yaml.safe_dump(task))
    return "gsm8k_rows"


def main() -> None:
    """Run both ways and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--docs", type=int, default=20)
    parser.add_argument("--dtype", choices=("bfloat16", "float16"), default="bfloat16")
    parser.add_argument("--gsm8k", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        extra = [gsm8k(args.gsm8k.resolve(), folder)] if args.gsm8k else []
        model = {"source": "smollm2-135m", "dtype": args.dtype, "device": "cpu"}
        config = {
            "name": "fast",
            "include_paths": [str(folder)],
            "models": [{"name": kind, **model, "generation": kind} for kind in ("exact", "fast")],
            "suites": [
                {
                    "name": "write",
                    "tasks": [*TASKS, *extra],
                    "limit": args.docs,
                    "data_class": "public",
                    "latency_docs": 0,
                }
            ],
            "output": {"report": False},
        }
        (folder / "fast.yaml").write_text(yaml.safe_dump(config))
        run = [*EVALKIT, "run", str(folder / "fast.yaml"), "--output", str(folder / "runs")]
        subprocess.run(run, check=True)
        (made,) = (folder / "runs").iterdir()
        names = ["--baseline-model", "exact", "--candidate-model", "fast"]
        subprocess.run([*EVALKIT, "compare", made, made, *names, "--allow", "decoding"], check=True)


if __name__ == "__main__":
    main()
