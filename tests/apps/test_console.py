"""Tables fit narrow terminals without breaking names in the middle."""

from __future__ import annotations

import re

import pytest

from slowpaths.apps import _console
from slowpaths.apps._console import fit_widths, fold, progress, show_table

ROWS = [
    ("usefulness", "retrieval_minutes_saved_at_95_percent_recall", "0.123 .. 0.456", 0.25, 51),
    ("accuracy", "expected_calibration_error", "0.100 .. 0.200", 0.5, 7),
]
COLUMNS = ["side", "measure", "95 %", "value", "n"]


@pytest.mark.parametrize("width", [200, 80, 60])
def test_names_are_broken_after_underscores_only_and_numbers_never(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    show_table("a table", COLUMNS, ROWS)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    cells = [
        [cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in out.splitlines() if re.match("[│┃]", line)
    ]
    pieces = {piece for _, name, *_ in ROWS for piece in re.findall(r"[^_]+_?", name)}
    for row in cells[1:]:
        assert set(re.findall(r"[^_]+_?", row[1])) <= pieces, row
    numbers = [row[3] for row in cells if row[3]]
    assert numbers == ["value", "0.250", "0.500"]
    assert "".join(row[1] for row in cells[1:]) == "".join(name for _, name, *_ in ROWS)


def test_progress_tells_every_step_and_now_and_then_how_far_one_is(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_console.time, "monotonic", lambda: now[0])
    with progress("mining", 2) as step:
        for second in range(1, 26):
            now[0] = second
            step.note(f"a.mp4: finding strokes {second}%")
        step("a.mp4: 3 deliveries")
        now[0] = 26
        step.note("b.mp4: finding strokes 1%")
        step("b.mp4: 0 deliveries")
    assert capsys.readouterr().err.splitlines() == [
        "mining 0/2 a.mp4: finding strokes 10%", "mining 0/2 a.mp4: finding strokes 20%",
        "mining 1/2 a.mp4: 3 deliveries", "mining 2/2 b.mp4: 0 deliveries",
    ]  # fmt: skip


def test_progress_of_many_small_steps_is_told_now_and_then_and_at_the_end(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_console.time, "monotonic", lambda: now[0])
    with progress("naming strokes", 25, every_s=10) as step:
        for second in range(1, 26):
            now[0] = second
            step()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"naming strokes {done}/25" for done in (10, 20, 25)]


def test_sentences_give_way_before_names():
    name, sentence = "movenet_lightning", "download it into a folder and name that with weights_dir="
    widths = fit_widths([[name, sentence]], width=50, keep=[False, False])
    assert widths == [len(name), 50 - len(name)]


def test_a_word_longer_than_a_line_stays_whole():
    assert fold("a unbreakableword b", 5).splitlines() == ["a", "unbreakableword", "b"]


def test_a_name_of_a_file_moves_no_cursor(capsys):
    name = "a\x1b[31m\rred\nline.mp4"
    with progress("mining", 1) as step:
        step(f"{name}: 1 deliveries")
    show_table("quarantined", ["video"], [[name]], notes=[name])
    said = capsys.readouterr()
    assert said.err.splitlines() == ["mining 1/1 a?[31m?red?line.mp4: 1 deliveries"]
    assert "a?[31m?red" in said.out and not {"\x1b", "\r"} & set(said.out)
