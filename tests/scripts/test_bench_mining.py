"""The bench of mining, on one ball."""

import json
import sys

from scripts.bench import mining


def test_the_bench_runs_and_its_table_holds_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["mining.py", "--quick", "--out", str(tmp_path / "mining.json")])
    assert mining.main() == 0
    dense = json.loads((tmp_path / "mining.json").read_text())["dense"]
    assert 0 < dense["without pose / decoding once"] < dense["mining / decoding once"]
    assert dense["pose on every frame / mining"] > 0
    assert 0 <= dense["balls found"] <= 1
    printed = capsys.readouterr().out
    assert all(row in printed for row in dense)
