"""`evalkit catalog`: numbers, where they are from, how old they are; as CSV to edit and give back."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.catalog import COLUMNS, load_catalog
from evalkit.cli import main

HEADER = ",".join(COLUMNS)


def invoke(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["catalog", *map(str, arguments)])
    return result.exit_code, result.output


def line_of(output: str, start: str) -> str:
    return next(line for line in output.splitlines() if line.strip().startswith(start))


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.csv"
    rows = (
        "DE,electricity_price,0.15,0.16,0.18,EUR/kWh,our contract,,2020-01-01,\x1b[31mfixed",
        "h100-sxm,idle_power_w,,240,,W/GPU,measured at the socket,,2099-01-01,",
    )
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


def test_everything_is_shown_and_fits_a_terminal() -> None:
    code, output = invoke()
    assert code == 0
    tables = output.partition("Sources")[0]
    assert max(map(len, tables.splitlines())) <= 80
    assert "…" not in tables
    for row in load_catalog().rows:
        assert row.item in tables
        assert row.date.isoformat() in tables


def test_a_row_shows_numbers_unit_date_and_the_number_of_its_source() -> None:
    row = load_catalog().find("h100-sxm", "gpu_hour_on_demand")
    assert row is not None
    code, output = invoke("H100-SXM")
    assert code == 0
    cells = line_of(output, "gpu_hour_on_demand").split()
    assert cells[1:6] == ["2.69", "3.49", "4.29", "USD/GPU-hour", row.date.isoformat()]
    assert f"{cells[-1]}  list prices" in output
    assert "DE" not in output


def test_a_url_stays_one_word() -> None:
    row = load_catalog().find("DE", "electricity_price")
    assert row is not None
    assert row.url is not None
    assert row.url in invoke("DE")[1]


def test_notes_are_shown() -> None:
    assert "maintenance_share: of the server's price" in invoke("default")[1]


def test_old_rows_are_marked_and_counted(ours: Path) -> None:
    output = invoke("de", "--own", ours)[1]
    assert "2020-01-01 old" in output
    assert "\n1 row is older than 180 days: check them before a decision" in output
    assert "--own / `catalog:` of a scenario" in output


def test_rows_whose_source_was_not_opened_again_are_marked_and_counted() -> None:
    output = invoke("h200-sxm")[1]
    open_ones = [
        row for row in load_catalog().rows if row.item == "h200-sxm" and row.is_to_be_checked
    ]
    assert len(open_ones) > 1
    for row in open_ones:
        assert line_of(output, row.what).split()[-2].endswith("?")
    assert not line_of(output, "gpu_hour_on_demand").split()[-2].endswith("?")
    assert f"\n{len(open_ones)} rows are to be checked (?)" in output


def test_a_row_of_ones_own_is_never_to_be_checked(ours: Path) -> None:
    assert "to be checked" not in invoke("DE", "--own", ours)[1]


def test_no_name_of_a_kind_is_broken() -> None:
    words = invoke()[1].partition("Sources")[0].split()
    assert {row.what for row in load_catalog().rows} - {"electricity_price"} <= set(words)


def test_nothing_is_counted_where_nothing_is_old(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(f"{HEADER}\nbox,memory_gb,,8,,GB,label,,2099-01-01,\n", encoding="utf-8")
    output = invoke("box", "--own", path)[1]
    assert "old" not in output


def test_the_users_rows_win_and_stand_with_their_item(ours: Path) -> None:
    code, output = invoke("DE", "h100-sxm", "--own", ours)
    assert code == 0
    assert line_of(output, "DE").split()[1:4] == ["0.15", "0.16", "0.18"]
    assert output.count("h100-sxm\n") <= 1
    assert line_of(output, "idle_power_w").split()[1] == "240"
    assert "your own row: our contract" in output


def test_control_characters_show_instead_of_acting(ours: Path) -> None:
    output = invoke("DE", "--own", ours)[1]
    assert "\x1b" not in output
    assert "␛[31mfixed" in output


def test_csv_can_be_given_back(tmp_path: Path) -> None:
    code, printed = invoke("default", "DE", "--csv")
    assert code == 0
    path = tmp_path / "ours.csv"
    path.write_text(printed, encoding="utf-8")
    assert invoke("default", "DE", "--own", path, "--csv") == (0, printed)
    mine = load_catalog(path)
    assert {r.item for r in mine.rows if r.is_own} == {"default", "DE"}
    assert len(mine.rows) == len(load_catalog().rows)


def test_an_edited_number_comes_back(tmp_path: Path) -> None:
    printed = invoke("DE", "--csv")[1]
    path = tmp_path / "ours.csv"
    path.write_text(printed.replace("0.1922", "0.21"), encoding="utf-8")
    row = load_catalog(path).find("DE", "electricity_price")
    assert row is not None
    assert (row.mode, row.is_own) == (0.21, True)


def test_csv_without_items_is_the_whole_catalogue() -> None:
    assert invoke("--csv")[1].count("\n") == len(load_catalog().rows) + 1


def test_an_unknown_item_gets_the_nearest() -> None:
    code, output = invoke("H100")
    assert code == 2
    assert "nothing about 'H100'" in output
    assert "Did you mean 'h100-sxm'?" in output
    assert "There are h100-sxm" in invoke("abacus")[1]


def test_a_wrong_file_is_the_users_mistake(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(
        f"{HEADER}\nDE,electricity_price,,x,,EUR/kWh,s,,2026-01-01,\n", encoding="utf-8"
    )
    code, output = invoke("--own", path)
    assert code == 2
    assert f"{path}:2: mode: 'x' is not a number." in output
    assert "Traceback" not in output
    assert invoke("--own", tmp_path / "none.csv")[0] == 2
