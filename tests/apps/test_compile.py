"""`compile=` through the command line; `torch.compile` is a stand-in, for it takes minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.apps.refusal import refused
from tests.apps.test_training import SMALL
from tests.data.mined import write_mined

from slowpaths.cli import main

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
NEEDED = {
    "train": ("mined=runs/mine",),
    "pretrain": ("mined=runs/mine",),
    "predict": ("ckpt=best.ckpt", "footage=new.mp4"),
}


@pytest.mark.parametrize("verb", NEEDED)
def test_a_way_to_compile_that_there_is_not_is_one_sentence(tmp_path, monkeypatch, capsys, verb):
    monkeypatch.chdir(tmp_path)
    sentence = refused(capsys, verb, *NEEDED[verb], "compile=nonsense")
    assert "compile=nonsense is unknown: choose one of eager, default, reduce-overhead" in sentence
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", ["train", "pretrain"])
def test_stages_are_compiled_the_way_that_is_chosen(tmp_path, monkeypatch, verb):
    asked: list[str | None] = []
    monkeypatch.setattr(torch, "compile", lambda function, mode=None: asked.append(mode) or function)
    mined: Path = write_mined(tmp_path / "mined", num_matches=4, clips_a_match=2, size=32)
    words = (f"mined={mined}", *SMALL, "data.batch_size=4", "data.fractions=[.5,.25,.25]", "trainer.max_epochs=1")
    expected = {"eager": set(), "default": {None}, "reduce-overhead": {None, "reduce-overhead"}}
    for way, modes in expected.items():  # the first call, without a mode, tries the compiler
        asked.clear()
        assert main([verb, *words, f"compile={way}", f"out={tmp_path / way}"]) == 0
        assert set(asked) == modes and (len(asked) > 1) == (way != "eager")
