"""Baselines through the command line: every kind of input trains, is judged again from its checkpoint, and is swept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.data.mined import write_mined

from slowpaths.apps.footage import predict_mined
from slowpaths.cli import main
from slowpaths.data import clip_dataset, frozen_features
from slowpaths.data.batch import NUM_PICTURE_FEATURES
from slowpaths.models.prediction import load_classifier
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.sweep_folder import SweepFolder
from slowpaths.store.tables import read_predictions

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SMALL = (
    "experiment=demo", "trainer=cpu", "data.num_workers=0", "data.num_frames=8", "data.crop_px=32", "data.read_px=null",
    "optim.warmup_epochs=0", "data.batch_size=4", "logger=[]",
)  # fmt: skip
PIXELS = {
    "slow_only": ("model.width=4", "trainer.max_epochs=1"),
    "r2plus1d": ("model.width=4", "trainer.max_epochs=1"),
    "x3d_s": ("model.width_factor=1", "model.depth_factor=0.5", "trainer.max_epochs=1"),
}
HEADS = ("skeleton_gru", "frozen_gru")


@pytest.fixture(scope="module", autouse=True)
def pictures():
    """Let 1280 pixels of a picture be its features."""

    def features(pictures):
        return np.stack([np.resize(one[::4, ::4], NUM_PICTURE_FEATURES) for one in pictures]).astype(np.float32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frozen_features, "picture_features", features)
        yield


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baselines") / "mined"
    return write_mined(folder, num_matches=4, clips_a_match=4, num_strokes=2, size=32, posed=range(16))


def train(mined: Path, out: Path, *words: str) -> list[str]:
    return ["train", f"mined={mined}", f"out={out}", *SMALL, *words]


@pytest.mark.parametrize("name", [*PIXELS, *HEADS])
def test_a_baseline_trains_and_its_checkpoint_says_the_same_of_the_clips(mined, tmp_path, name):
    more = ("data.num_test_views=33",) if name == "skeleton_gru" else ()  # it has one view, whatever is asked for
    words = PIXELS.get(name, ("trainer.max_epochs=2", *more))
    assert main(train(mined, tmp_path, f"model={name}", *words)) == 0
    folder = RunFolder(tmp_path)
    said = {(row.delivery_id, row.view_index): row.probs for row in read_predictions(folder.predictions)}
    again = predict_mined(load_classifier(folder.last_checkpoint), mined, batch_size=4, num_test_views=1)
    assert len(again) == len(said) == 2 * 16
    assert all(row.probs == pytest.approx(said[row.delivery_id, row.view_index], abs=1e-5) for row in again)
    card = folder.model_card.read_text()
    assert "initialisation | none" in card and "**Views.** A clip has one view." in card


def test_heads_learn_what_is_shown_and_open_no_clip_once_features_are_kept(mined, tmp_path, monkeypatch):
    assert main(train(mined, tmp_path / "first", "model=frozen_gru", "trainer.max_epochs=1")) == 0
    monkeypatch.setattr(clip_dataset, "open_video", lambda *_, **__: pytest.fail("a clip was opened"))
    for name in HEADS:
        out = tmp_path / name
        assert main(train(mined, out, f"model={name}", "trainer.max_epochs=25", "loss.logit_adjustment=0")) == 0
        rows = [row for row in read_predictions(RunFolder(out).predictions) if row.view_index == -1]
        assert len({row.label for row in rows if row.split == "test"}) == 2
        confusion = RunFolder(out).confusion.read_text().splitlines()
        counts = np.array([row.split(",")[1:] for row in confusion[1:]], dtype=int)
        assert np.trace(counts) == counts.sum() == 8, name


def test_one_sweep_takes_networks_of_every_kind_and_every_loss(mined, tmp_path):
    axes = ["model=slowfast_tiny,frozen_gru,skeleton_gru", "loss=soft_ce,gce"]
    words = [word for word in train(mined, tmp_path, *axes, "trainer.max_epochs=1")[1:] if "demo" not in word]
    assert main(["train", "-m", *words]) == 0
    cells = SweepFolder(tmp_path).plan()
    assert len(cells) == 6
    assert all(len(read_predictions(SweepFolder(tmp_path).run(cell).predictions)) >= 2 * 16 for cell in cells)


@pytest.mark.parametrize("name", HEADS)
def test_weights_of_another_network_are_one_sentence(mined, tmp_path, capsys, name):
    assert main(train(mined, tmp_path / "run", f"model={name}", "init=slowfast_tiny_features")) == 2
    (sentence,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert "is of another architecture" in sentence and "choose the model= it was made with" in sentence
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_folder_without_poses_is_one_sentence(tmp_path, capsys):
    mined = write_mined(tmp_path / "mined", num_matches=2, clips_a_match=1, size=16)
    assert main(train(mined, tmp_path / "run", "model=skeleton_gru")) == 2
    assert "holds no poses of the batters, which this network takes: mine" in capsys.readouterr().err


def test_a_recipe_does_not_undo_what_was_typed():
    from slowpaths.apps._launch import compose

    cfg = compose("train", ["mined=m", "model=frozen_gru", "experiment=demo", "optim.lr=0.3", "init=w.ckpt"])
    assert (cfg.optim.lr, cfg.init, cfg.optim.head_lr_ratio, cfg.data.num_frames) == (0.3, "w.ckpt", 1.0, 16)
    assert compose("train", ["mined=m", "experiment=demo"]).init == "slowfast_tiny_strokes"
