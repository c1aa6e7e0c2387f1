"""The measures of many reports as one table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import collect_measures


def test_the_number_of_deliveries_is_written_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    top1 = {"value": 0.123456, "low": None, "high": None, "chance": 0.1, "constant": None, "num": 12345}
    (tmp_path / "report.json").write_text(json.dumps({"measures": {"top1": top1, "ece": {"value": None}}}))
    monkeypatch.setattr("sys.argv", ["collect_measures", str(tmp_path)])
    collect_measures.main()
    assert capsys.readouterr().out.splitlines()[1:] == [f"{tmp_path.name},top1,0.1235,,,0.1,,12345"]
