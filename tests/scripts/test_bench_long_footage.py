"""The bench of long footage, on a few seconds of it."""

import json
import sys

import numpy as np
from scripts.bench import long_footage

from slowpaths.video.write import write_clip


def test_a_joined_broadcast_is_mined_and_its_table_holds_numbers(tmp_path, monkeypatch):
    clip = np.random.default_rng(0).integers(0, 255, (12, 64, 96, 3)).astype(np.uint8)
    write_clip(tmp_path / "clip.mp4", clip, fps=25)
    words = ["long_footage", "--quick", "--minutes", "0.2", "--clips", str(tmp_path / "clip.mp4")]
    monkeypatch.setattr(sys, "argv", [*words, "--out", str(tmp_path / "long.json")])
    assert long_footage.main() == 0
    table = json.loads((tmp_path / "long.json").read_text())
    once, often = table["one round"], table["broadcast"]
    assert often["length [min]"] >= 0.2 > once["length [min]"]
    assert often["shots"] > once["shots"]
    assert often["longest time without a word [s]"] > 0
    assert once["peak memory [MiB]"] <= often["peak memory [MiB]"]
