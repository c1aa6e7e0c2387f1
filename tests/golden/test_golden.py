"""The tables of the whole road are those that are committed: `make golden` changes them deliberately."""

from __future__ import annotations

from itertools import groupby

import pytest

from tests.golden.road import EXPECTED, make_tables, tolerance
from tests.golden.tables import compare_folders

SHOWN = 10  # differences shown a stage


@pytest.mark.timeout(900)  # a minute of one core, which others may want too
def test_the_road_gives_the_golden_tables(tmp_path):
    make_tables(tmp_path)
    found = compare_folders(EXPECTED, tmp_path, tolerance)
    lines = []
    for stage, group in groupby(found, key=lambda difference: difference.split("/")[0]):
        differences = list(group)
        lines += [f"{stage}: {len(differences)} differences", *(f"  {line}" for line in differences[:SHOWN])]
    assert not found, "\n".join(["", *lines, "where the change is meant: make golden"])
