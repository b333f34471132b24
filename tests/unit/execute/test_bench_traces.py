"""A bench remembers which recorded load it replays."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evalkit.config import load_bench_config
from evalkit.errors import UsageError
from evalkit.execute.bench import check_traces_kept, trace_entries
from tests.builders import manifest


def test_a_trace_is_named_by_its_hash_and_another_one_is_refused(tmp_path: Path) -> None:
    trace, config_file = tmp_path / "t.csv", tmp_path / "b.yaml"
    trace.write_text("timestamp,input_tokens,output_tokens\n0,16,4\n1.5,20,5\n")
    config_file.write_text(
        "name: b\nmodels: [{name: m, source: smollm2-135m}]\n"
        "profiles: [{name: p, load: {kind: trace, file: t.csv}}, {name: q, load: {kind: search},"
        " slo: {ttft_s: 1}}]\n"
    )
    config = load_bench_config(config_file)
    entries = trace_entries(config)
    (entry,) = entries.values()
    assert list(entries) == ["p"]
    assert entry.sha256 == hashlib.sha256(trace.read_bytes()).hexdigest()
    assert (entry.bytes, entry.rows) == (trace.stat().st_size, 2)
    begun = manifest(kind="bench", traces=entries)
    check_traces_kept(config, begun)
    trace.write_text("timestamp,input_tokens,output_tokens\n0,16,4\n1.6,20,5\n")
    with pytest.raises(UsageError, match="profile 'p' has changed since the bench began"):
        check_traces_kept(config, begun)
