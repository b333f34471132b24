"""Products are exchanged where another way is faster, and stay right."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from evalkit.engine import linear as linear_module
from evalkit.engine import slots as slots_module
from evalkit.engine.linear import computed_by, is_emulated, widened
from evalkit.engine.sharing import share
from tests.unit.engine.architectures import SHARABLE, tiny
from tests.unit.engine.test_decode import CPU, together


@pytest.fixture
def emulating(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor without instructions for bfloat16, whatever this one has."""

    def emulated(dtype: torch.dtype, device: torch.device) -> bool:
        return dtype == torch.bfloat16 and device.type == "cpu"

    monkeypatch.setattr(linear_module, "is_emulated", emulated)
    monkeypatch.setattr(slots_module, "is_emulated", emulated)


def layer(n_in: int, n_out: int, has_bias: bool) -> torch.nn.Linear:
    torch.manual_seed(1)
    return torch.nn.Linear(n_in, n_out, bias=has_bias, dtype=torch.bfloat16)


@pytest.mark.usefixtures("emulating")
@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("piece", [1, 100, 1 << 20])
def test_a_widened_product_is_the_exact_one_rounded(
    piece: int, has_bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear_module, "_PIECE", piece)
    one = layer(32, 17, has_bias)
    x = torch.randn(1, 5, 32, dtype=torch.bfloat16)
    exact = torch.nn.functional.linear(
        x.double(), one.weight.double(), one.bias.double() if has_bias else None
    )
    with torch.inference_mode(), computed_by(widened(torch.nn.Sequential(one))):
        found = one(x)
    assert found.dtype == torch.bfloat16
    assert found.shape == (1, 5, 17)
    # half a unit in the last place of bfloat16, and float32's rounding of the sum
    torch.testing.assert_close(found.double(), exact, rtol=2**-8, atol=1e-5)


@pytest.mark.usefixtures("emulating")
def test_a_single_row_and_what_comes_after_are_computed_as_before() -> None:
    one = layer(32, 17, has_bias=True)
    row, rows = (torch.randn(n, 32, dtype=torch.bfloat16) for n in (1, 4))
    with torch.inference_mode():
        before = one(row), one(rows)
        with computed_by(widened(torch.nn.Sequential(one))):
            assert torch.equal(one(row), before[0])
        assert torch.equal(one(rows), before[1])
    assert "forward" not in vars(one)


def test_only_formats_that_the_processor_lacks_are_widened() -> None:
    assert not is_emulated(torch.float32, CPU)
    assert not is_emulated(torch.float64, CPU)
    assert not is_emulated(torch.bfloat16, torch.device("meta"))
    assert widened(torch.nn.Sequential(torch.nn.Linear(3, 3))) == []


@pytest.mark.usefixtures("emulating")
@pytest.mark.parametrize("architecture", SHARABLE)
def test_decoding_in_an_emulated_format_takes_tokens_that_a_plain_pass_finds_best(
    architecture: str,
) -> None:
    model = deepcopy(tiny(architecture)).to(torch.bfloat16)
    head = tuple(range(3, 15))
    prompts = [(*head, 20 + i, 30 + i) for i in range(5)]
    exact = deepcopy(model).to(torch.float32)
    for position, decoded in together(model, prompts, is_exact=False).items():
        ids = torch.tensor([[*prompts[position], *decoded.ids[:-1]]])
        with torch.inference_mode():
            logits = exact(ids, use_cache=False).logits[0, -len(decoded.ids) :]
        chosen = logits.gather(1, torch.tensor(decoded.ids)[:, None]).squeeze(1)
        highest, lowest = logits.amax(dim=-1), logits.amin(dim=-1)
        assert float(((highest - chosen) / (highest - lowest)).max()) <= 0.03
    assert share(model, CPU).model is model
