"""Join the review curves of several evaluations of the same deliveries: recall against minutes, stroke by stroke.

usage: python scripts/review_curves.py EVALUATION... [--out experiments/review_curves/results]

EVALUATION is an out folder of `slowpaths evaluate`; its name is that of the system. A stroke that one of them could not
search is left out. It writes OUT/curves.csv.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from slowpaths.core.text import csv_table
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_text


def main() -> None:
    """Join the curves and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluations", type=Path, nargs="+", metavar="EVALUATION")
    parser.add_argument("--out", type=Path, default=Path("experiments/review_curves/results"))
    given = parser.parse_args()
    curves = {folder.name: read_curves(folder) for folder in given.evaluations}
    shared = set.intersection(*({row["class"] for row in rows} for rows in curves.values()))
    rows = [{"system": name, **row} for name, rows in curves.items() for row in rows if row["class"] in shared]
    write_text(given.out / "curves.csv", csv_table(rows))


def read_curves(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the review curves of an evaluation: class, minutes, recall."""
    with (RunFolder(folder).figures / "effort.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


if __name__ == "__main__":
    main()
