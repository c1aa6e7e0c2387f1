"""Print the measures of evaluation reports as one CSV: a row a report and measure.

usage: python scripts/collect_measures.py EVALUATION_FOLDER ...
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from slowpaths.store.run_folder import RunFolder

COLUMNS = ("value", "low", "high", "chance", "constant", "num")


def main() -> None:
    """Read `report.json` of each folder and write the table to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, help="folders that `slowpaths evaluate` wrote")
    arguments = parser.parse_args()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["report", "measure", *COLUMNS])
    for folder in arguments.folders:
        measures = RunFolder(folder).report()["measures"]
        for name, item in measures.items():
            if item["value"] is not None:
                numbers = [item[column] for column in COLUMNS]
                cells = ["" if one is None else str(one) if isinstance(one, int) else f"{one:.4g}" for one in numbers]
                writer.writerow([folder.name, name, *cells])


if __name__ == "__main__":
    main()
