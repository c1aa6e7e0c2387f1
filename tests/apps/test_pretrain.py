"""Pretraining on two views of a clip, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.apps.refusal import refused
from tests.apps.test_training import NETWORK, history, step_losses
from tests.data.mined import write_mined

from slowpaths.cli import main
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.store.run_folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SMALL = (
    "model.width=8", "data.num_frames=16", "data.frame_stride=2", "data.crop_px=32", "data.read_px=null",
    "data.batch_size=4", "optim.warmup_epochs=0", "trainer.max_epochs=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mined(tmp_path_factory.mktemp("pretrain") / "mined", num_matches=3, clips_a_match=4, size=32)


def words(mined: Path, out: Path | str, *more: str) -> list[str]:
    return ["pretrain", f"mined={mined}", "experiment=ssl_tiny", f"out={out}", *SMALL, *more]


def test_views_are_learnt_from_and_training_starts_there(mined, tmp_path, capsys):
    out = tmp_path / "ssl"
    short = ("objective.parts.byol.hidden=16", "probe.min_rank=0")
    assert main(words(mined, out, *short, "views.replay_p=0.3")) == 0
    assert "probe/knn_purity" in capsys.readouterr().out
    header = RunFolder(out).history.read_text().splitlines()[0].split(",")
    assert {"train/byol", "train/temporal", "train/cross", "train/pace", "probe/effective_rank"} <= set(header)
    assert main(words(mined, tmp_path / "lars", *short, "optim=lars", "trainer.max_epochs=1")) == 0
    train = ["train", f"mined={mined}", "experiment=demo", f"out={tmp_path / 'tuned'}", *SMALL, "data.num_test_views=1"]
    assert main([*train, "trainer.max_epochs=1", f"init={RunFolder(out).backbone}"]) == 0
    assert main([*train, "model.width=16", f"out={tmp_path / 'wide'}", f"init={RunFolder(out).backbone}"]) == 2
    assert "is of another architecture" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["composition", "features"])
def test_a_run_that_breaks_goes_on_in_the_middle_of_an_epoch(mined, tmp_path, monkeypatch, objective):
    (tmp_path / "my_parts.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    more = ("data.batch_size=2", "data.fractions=[1,0,0]", "checkpoint_minutes=1e-6", f"objective={objective}")
    more += ("probe.every_epochs=0", "objective.parts.byol.hidden=16") if objective == "composition" else ()
    whole, broken = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "broken")
    stop = f"callbacks=[{{_target_: my_parts.Break, mark: {tmp_path / 'mark'}, step: 9}}]"  # 6 steps an epoch
    assert main(words(mined, whole.path, *more)) == 0
    assert main(words(mined, broken.path, *more, stop)) == 1
    assert read_checkpoint(broken.middle_checkpoint)["global_step"] == 9
    assert main(words(mined, broken.path, *more, stop)) == 0
    assert step_losses(broken) == [(step, pytest.approx(loss, abs=1e-6)) for step, loss in step_losses(whole)]
    assert history(broken) == [pytest.approx(row, abs=1e-6) for row in history(whole)]
    assert broken.backbone.read_bytes() == whole.backbone.read_bytes()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("objective.parts.byol.hidden=0", "objective.parts.byol.hidden=0 is out of range"),
        ("objective.parts.byol.hidden=many", "objective.parts.byol.hidden=many is not a whole number"),
        ("objective.parts.byol.depth=2", "unknown key 'objective.parts.byol.depth'"),
        ("objective=moco objective.parts.moco.temperature=0", "objective.parts.moco.temperature=0"),
        ("objective=distil objective.parts.distil.teacher=pose", "objective.parts.distil.teacher=pose is unknown"),
        ("views.replay_p=2", "views.replay_p=2"),
        ("data.hue_jitter=0.6", "data.hue_jitter=0.6 is no share: give a number from 0 to 0.5"),
        ("optim=lars optim.optimiser.trust=0", "optim.optimiser.trust=0"),
        ("probe.patience=0", "probe.patience=0 is too small"),
        ("optim.ema_decay=0", "optim.ema_decay=0 keeps no average to compare with"),
        ("data.num_frames=8", "data.num_frames=8 holds no 4 windows of 4 frames"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_leaves_nothing(mined, tmp_path, capsys, monkeypatch, more, sentence):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(capsys, *words(mined, "run", *more.split()))


def test_a_collapse_is_one_sentence(mined, tmp_path, capsys):
    low = ("probe.min_spread=2", "probe.patience=1", "probe.min_rank=0", "objective=moco")
    assert main(words(mined, tmp_path / "run", *low)) == 1
    assert "the embedding has collapsed: its spread is 0." in capsys.readouterr().err
    assert RunFolder(tmp_path / "run").state().state == "failed"
