from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import TableError
from slowpaths.evaluation.table_columns import read_columns


def test_values_keep_their_line_numbers_over_quotes_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbfname,x\r\n"two\r\nlines",1\r\n\r\nplain,bad\r\n')
    columns = read_columns(path)
    assert columns.places == ["line 3", "line 5"]
    assert columns.texts("name") == ["two\r\nlines", "plain"]
    with pytest.raises(TableError, match="line 5, column x: 'bad' is not a number"):
        columns.numbers("x")


def test_a_column_that_is_not_there_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n,\n".replace(",", "nan"))
    columns = read_columns(path)
    assert columns.texts("name") == ["", ""]
    np.testing.assert_array_equal(columns.numbers("x"), [1.0, np.nan])
    assert columns.flags("seen") == [None, None]


def test_a_column_in_capitals_is_named_first(tmp_path):
    (tmp_path / "t.csv").write_text("VIDEO,vide\na,b\n")
    with pytest.raises(TableError, match=r"rename 'VIDEO'\?"):
        read_columns(tmp_path / "t.csv").require(["video"])
