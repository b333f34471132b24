"""Size and import rules that keep the code readable. Exceptions need a reason, and only ever shrink."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import REPO

PACKAGE = REPO / "evalkit"
FILE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 8
ALLOWED: dict[str, str] = {
    "evalkit/records.py": "every stored record and its history in one leaf, half of it field docs",
}
"""`file` or `file:function` → why it may be larger."""


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(REPO)}:{node.name}", node


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_files_are_small(path: Path) -> None:
    if str(path.relative_to(REPO)) not in ALLOWED:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


def test_functions_are_small() -> None:
    large = {
        name: length
        for name, node in functions()
        if name not in ALLOWED
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    }
    assert large == {}


def test_functions_take_few_parameters() -> None:
    many = {
        name: count
        for name, node in functions()
        if name not in ALLOWED
        and (count := len(node.args.args) + len(node.args.kwonlyargs)) > PARAMETERS
    }
    assert many == {}


def docs_of_names(tree: ast.AST) -> Iterator[str]:
    """The strings below fields and constants."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for named, doc in pairwise(body if isinstance(body, list) else []):
            match named, doc:
                case ast.Assign() | ast.AnnAssign(), ast.Expr(ast.Constant(str(text))):
                    yield text


def test_docs_of_fields_can_be_read_alone() -> None:
    """None goes on from its name or from the field above, as "Of these." does."""
    unclear = [
        f"{path.relative_to(REPO)}: {doc}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for doc in docs_of_names(ast.parse(path.read_text(encoding="utf-8")))
        if re.match(r"(Of|Those|These|The same|Its|Their|By|Per|In)\b", doc)
    ]
    assert unclear == []


def test_help_imports_nothing_heavy() -> None:
    """`evalkit --help` must answer at once: no library but click."""
    code = (
        "import sys\n"
        "from evalkit.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'lm_eval', 'pandas', 'pydantic', 'rich', 'yaml', 'numpy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout


def test_analysis_and_report_run_without_model_libraries() -> None:
    """A finished run can be read on a machine without torch, transformers or lm-eval."""
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'torch', 'transformers', 'lm_eval', 'pynvml'}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import evalkit.analysis.summary, evalkit.report.html, evalkit.report.table\n"
        "import evalkit.report.export, evalkit.store.run_dir\n"
        "import evalkit.decision.verdict, evalkit.report.document, evalkit.report.decision.terminal"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
