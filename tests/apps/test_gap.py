"""What `slowpaths gap` says in the terminal."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from slowpaths.cli import main

KEPT = Path(__file__).parents[2] / "experiments/gap_real/results/measures.parquet"


def test_five_of_those_left_out_are_named_and_the_others_counted(tmp_path, capsys):
    (tmp_path / "kept").mkdir()
    table = pq.read_table(KEPT)
    pq.write_table(table, tmp_path / "kept" / "measures.parquet")
    assert main(["gap", f"runs={tmp_path / 'kept'}", f"out={tmp_path / 'gap'}", "bootstraps=100"]) == 0
    said = capsys.readouterr()
    lines = [line for line in (said.out + said.err).splitlines() if "left out" in line]
    assert len(lines) == 6
    assert lines[-1].endswith("left out, too: 4 more, which gap.md names")
