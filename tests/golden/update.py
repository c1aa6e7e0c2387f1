"""Make the golden tables anew and show what changed: `make golden`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.golden.road import EXPECTED, make_tables, tolerance
from tests.golden.tables import compare_folders


def main() -> None:
    """Replace the committed tables by new ones and print how they differ."""
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        made = Path(folder)
        make_tables(made)
        lines = compare_folders(EXPECTED, made, tolerance)
        shutil.rmtree(EXPECTED, ignore_errors=True)
        shutil.copytree(made, EXPECTED)
    lines.append(f"{len(lines)} differences beyond tolerance; `git diff tests/golden` shows every digit")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    subprocess.run(["git", "--no-pager", "diff", "--stat", "--", str(EXPECTED)], check=True, cwd=EXPECTED)


if __name__ == "__main__":
    main()
