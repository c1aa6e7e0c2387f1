"""The demo: which commands it is made of, and (slow) that a small one ends with a report and a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from slowpaths.apps._launch import compose
from slowpaths.apps.demo import steps
from slowpaths.cli import VERBS, main

CONFIG = {"world": "tiny", "seed": 3, "pose": "compact", "recipe": "demo", "workers": "auto",
          "num_bootstrap": 20}  # fmt: skip


def test_every_step_is_a_command_a_user_could_type(tmp_path):
    titles, words = zip(*steps(CONFIG, tmp_path), strict=True)
    assert titles[0] == "filming" and titles[-1] == "review page"
    for verb, *overrides in words:
        assert verb in VERBS
        compose(verb, overrides)


def test_labels_that_stay_are_those_of_the_label_model(tmp_path):
    labelled = [words for _, words in steps(CONFIG, tmp_path) if words[0] == "label"]
    assert "label_model=majority" in labelled[0] and not any("majority" in word for word in labelled[-1])


def test_a_step_that_fails_is_named_with_its_command(tmp_path, capfd):
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "notes.txt").write_text("mine")
    assert main(["demo", f"out={tmp_path}", "world=tiny", "world.crf=30"]) == 1
    error = capfd.readouterr().err
    assert "is not empty and holds no world" in error
    assert "slowpaths demo: stopped at `slowpaths world world=tiny world.crf=30 seed=0" in error


def test_an_unknown_world_is_named(tmp_path, capsys):
    assert main(["demo", f"out={tmp_path}", "world=huge"]) == 2
    assert "unknown world 'huge'; choose one of" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_small_demo_goes_from_pixels_to_a_report(tmp_path, capfd):
    out = tmp_path / "demo"
    assert main(["demo", f"out={out}", "world=tiny", "seed=7"]) == 0
    shown = capfd.readouterr().out
    assert "what was found" in shown and "how useful" in shown
    text = (out / "report.md").read_text()
    assert "majority vote" in text and "(review.html)" in text
    for path in Path(out).glob("evaluation/*/report.md"):
        assert path.parent.name in text
    assert (out / "review.html").stat().st_size > 100_000  # the clips are inside
    before = (out / "model" / "predictions.parquet").read_bytes()
    assert main(["demo", f"out={out}", "world=tiny", "seed=7"]) == 0  # goes through what is done already
    assert (out / "model" / "predictions.parquet").read_bytes() == before
