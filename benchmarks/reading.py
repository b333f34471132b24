"""How often the readers are right, silently wrong, or read nothing, on answers whose reading is known.

python benchmarks/reading.py            # prints the table, on the answers that the readers were not written with
python benchmarks/reading.py --write    # and keeps it as what reports and docs tell
python benchmarks/reading.py --corpus FOLDER --failures
"""

from __future__ import annotations

import argparse
import datetime
import json
from dataclasses import asdict
from pathlib import Path

from evalkit.reading.error import ReadingError, Shares
from evalkit.reading.measure import (
    READERS,
    Outcome,
    measured,
    outcome,
    read_rows,
)

HERE = Path(__file__).resolve().parents[1]
CORPUS = HERE / "tests/unit/reading/unseen"
DATA = HERE / "evalkit/reading/error.json"
DOCS = HERE / "docs/metrics.md"
BEGIN, END = "<!-- reading error: begin -->\n", "<!-- reading error: end -->"


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, help="folder with one file per reader"
    )
    parser.add_argument("--write", action="store_true", help="keep the result in the package")
    parser.add_argument(
        "--failures", action="store_true", help="show every answer not read rightly"
    )
    args = parser.parse_args()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    error = measured(args.corpus, today)
    print(f"{'reader':10}{'':4}{'n':>5}{'right':>9}{'silently wrong':>16}{'not read':>10}")
    for shares in error.shares:
        print(line(shares))
    if args.failures:
        show_failures(args.corpus)
    if args.write:
        DATA.write_text(json.dumps(asdict(error), indent=1) + "\n", encoding="utf-8")
        before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
        text = f"{before}{BEGIN}{table(error)}{END}{rest.partition(END)[2]}"
        DOCS.write_text(text, encoding="utf-8")


def line(shares: Shares) -> str:
    """One row of the table."""
    counts = (shares.n_right, shares.n_wrong, shares.n_unread)
    right, wrong, unread = (f"{count / shares.n:.1%}" for count in counts)
    return f"{shares.reader:10}{shares.language:4}{shares.n:5}{right:>9}{wrong:>16}{unread:>10}"


def table(error: ReadingError) -> str:
    """The table of docs/metrics.md."""
    rows = [
        f"Measured {error.date}, corpus {error.corpus}.",
        "",
        "| reader | language | answers | right | silently wrong | not read |",
        "|---|---|---|---|---|---|",
    ]
    for s in error.shares:
        shares = (f"{100 * count / s.n:.1f} %" for count in (s.n_right, s.n_wrong, s.n_unread))
        rows.append(f"| {s.reader} | {s.language} | {s.n} | {' | '.join(shares)} |")
    return "\n".join(rows) + "\n"


def show_failures(corpus: Path) -> None:
    """Every answer that is not read as it should be."""
    for reader in READERS:
        for row in read_rows(corpus, reader):
            found = outcome(reader, row)
            if found is not Outcome.RIGHT:
                print(f"{row['id']} {found.value}: {row['text']!r}, should be {row['right']!r}")


if __name__ == "__main__":
    main()
