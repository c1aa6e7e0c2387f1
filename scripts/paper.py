"""Fill the numbers of the paper, which stand in its source by the name of their table.

usage: python scripts/paper.py                     writes docs/paper.md from experiments/paper.md
       python scripts/paper.py --pdf PAGE.html     prints a built page, PAGE.pdf beside it, with a headless Chromium

A number is written {experiment/table: column; column=value; column=value}: the one row of
experiments/<experiment>/results/<table>.csv with these values. `low..high` gives both ends of an interval,
`column:3` three decimals in place of two, `column:0` none.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "experiments" / "paper.md"
PAGE = ROOT / "docs" / "paper.md"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PRINT_S = 180
NUMBER = re.compile(
    r"\{(?P<experiment>[\w-]+)/(?P<table>[\w-]+): (?P<columns>[\w./-]+)(:(?P<decimals>\d))?(?P<where>(;[^;{}]+)*)\}"
)


def fill(source: str, root: Path = ROOT) -> str:
    """Return the paper with its numbers.

    Raises:
        ValueError: If a name belongs to no table, or not to one row of it.
    """
    filled = NUMBER.sub(lambda match: _number(match, root), source)
    if left := re.search(r"\{[^}]*\}", filled):
        raise ValueError(f"{left[0]} is no number: write {{experiment/table: column; column=value}}")
    return filled


def print_page(page: Path) -> Path:
    """Print an HTML page with a headless Chromium; return the PDF beside it.

    Raises:
        SystemExit: If there is no page, or no Chromium.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not page.is_file():
        raise SystemExit(f"paper: {page} is not there: build it with `make docs`")
    if browser is None:
        raise SystemExit(f"paper: a PDF needs {' or '.join(BROWSERS)}: install one, or print {page} from any browser")
    pdf = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless=new", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
        flags += ["--no-sandbox"] * (os.geteuid() == 0)  # Chromium has no sandbox for root
        command = [browser, *flags, f"--print-to-pdf={pdf.resolve()}", page.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=PRINT_S)
    return pdf


def _number(match: re.Match[str], root: Path) -> str:
    path = root / "experiments" / match["experiment"] / "results" / f"{match['table']}.csv"
    where = dict(part.strip().split("=", 1) for part in match["where"].split(";") if part.strip())
    with path.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if all(row[key] == value for key, value in where.items())]
    if len(rows) != 1:
        raise ValueError(f"{match[0]} names {len(rows)} rows of {path.name}, not one")
    decimals = int(match["decimals"] or 2)
    return " to ".join(_written(rows[0][column], decimals) for column in match["columns"].split(".."))


def _written(text: str, decimals: int) -> str:
    """Return a number as the papers write it: shares without the nought before the point.

    Example:
        >>> _written("0.3784", 2), _written("-0.05", 2), _written("547", 0), _written("12.25", 1)
        ('.38', '-.05', '547', '12.2')
    """
    written = f"{float(text):.{decimals}f}"
    return re.sub(r"^(-?)0\.", r"\1.", written)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pdf", type=Path, metavar="PAGE.html", help="print this page, and write nothing else")
    if (given := parser.parse_args()).pdf:
        print(print_page(given.pdf))
    else:
        PAGE.write_text(fill(SOURCE.read_text()))
