"""Every command of docs/extend.md runs, on small data: each part of docs/examples does what the page says."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slowpaths.cli import main
from slowpaths.core.strokes import STROKES, membership
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, SHOTS
from slowpaths.store.tables import read_predictions
from slowpaths.world.build import build_world
from slowpaths.world.world_settings import PartSettings, WorldSettings
from tests.data.mined import write_mined
from tests.labelling.tables import footage_table, random_deliveries

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
PAGE = (ROOT / "docs" / "extend.md").read_text()
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, flags=re.M | re.S))
SMALL = [
    "trainer=cpu", "trainer.max_epochs=1", "data.num_workers=0", "data.num_frames=8", "data.frame_stride=2",
    "data.crop_px=32", "data.read_px=null", "data.num_test_views=1", "optim.warmup_epochs=0",
    "data.fractions=[0.5,0.5,0]",
]  # fmt: skip


def commands(section: str) -> list[list[str]]:
    """Return the words of each command of a section, without PYTHONPATH and the name of the program."""
    text = "".join(re.findall(r"```sh\n(.*?)```", SECTIONS[section], flags=re.S))
    lines = text.replace("\\\n", " ").splitlines()
    found = [shlex.split(line) for line in lines]
    return [words[words.index("slowpaths") + 1 :] for words in found]


@pytest.fixture
def parts(monkeypatch):
    """Put the examples on the path, as PYTHONPATH does, and run from the root of the repository."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(ROOT)
    yield
    for path in EXAMPLES.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture(scope="module")
def mined(tmp_path_factory) -> Path:
    return write_mined(tmp_path_factory.mktemp("examples") / "mined", num_matches=2, clips_a_match=4, size=32)


def run(words: list[str], folder: Path, *, code: int = 0, **places: Path) -> Path:
    """Run a command with its paths replaced, and small sizes; return what `out=` names."""
    places = {"path/to/videos": folder, "path/to/poses": folder, "runs/own": folder, **places}
    for name, place in places.items():
        words = [re.sub(rf"(?<=[=\[]){re.escape(name)}(?=[/\],]|$)", str(place), word) for word in words]
    if words[0] in ("train", "pretrain"):
        has_model = any(word.startswith(("model=", "model._target_")) for word in words)
        words = [*words, *SMALL, *([] if has_model else ["model=slowfast_tiny", "model.width=8"])]
    assert main(words) == code, words
    return next((Path(word[4:]) for word in words if word.startswith("out=")), folder)


def test_network(parts, mined, tmp_path, capsys):
    typed, option, predict = commands("Network")
    outs = [run(words, tmp_path, **{"runs/mine": mined}) for words in (typed, option)]
    for out in outs:
        assert "my_network.TwoStreams" in RunFolder(out).model_card.read_text()
    first, second = (read_predictions(RunFolder(out).predictions) for out in outs)
    assert len(first) == 2 * 8
    assert [row.label for row in first] == [row.label for row in second]  # the same network, named twice
    part = PartSettings(mode="clip", balls_per_match=1, width=128, height=128)
    build_world(settings=WorldSettings(name="c", parts={"c": part}), out=tmp_path / "world", seed=3)
    words = [*predict, "pose=simulated"]
    places = {"new.mp4": tmp_path / "world" / "c01.mp4"}
    out = run(words, tmp_path, **places)
    assert json.loads(RunFolder(out).events(".json").read_text())
    capsys.readouterr()
    run([word for word in words if "allow_target" not in word], tmp_path, code=1, **places)
    assert "allow_target=my_network.TwoStreams" in capsys.readouterr().err


def test_loss(parts, mined, tmp_path):
    (words,) = commands("Loss")
    out = run(words, tmp_path, **{"runs/mine": mined})
    plain = run([*words[:2], f"out={tmp_path / 'plain'}"], tmp_path, **{"runs/mine": mined})
    assert (out / "history.csv").read_text() != (plain / "history.csv").read_text()
    from my_loss import symmetric_cross_entropy
    from torch import tensor

    logits, target = tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]])  # log 2, and half of -log 1e-4
    assert symmetric_cross_entropy(logits, target, alpha=1.0, beta=0.0).item() == pytest.approx(0.6931, abs=1e-4)
    assert symmetric_cross_entropy(logits, target, alpha=0.0, beta=1.0).item() == pytest.approx(4.6052, abs=1e-4)


def test_optimiser(parts, mined, tmp_path):
    for words in commands("Optimiser"):
        assert len(read_predictions(RunFolder(run(words, tmp_path, **{"runs/mine": mined})).predictions)) == 16
    import torch
    from my_optimiser import Lion

    weight = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    optimiser = Lion([weight], lr=0.1)
    weight.grad = torch.tensor([3.0, 0.5])
    optimiser.step()
    assert weight.tolist() == pytest.approx([0.9, -1.1])  # a step is the sign of the gradient, whatever its size


def test_objective(parts, mined, tmp_path):
    for words in commands("Pretraining objective"):
        folder = RunFolder(run(words, tmp_path, **{"runs/mine": mined}))
        assert folder.backbone.exists()
        assert "val/loss" in folder.history.read_text()


def test_label_model(parts, tmp_path):
    folder = MinedFolder(tmp_path / "mined")
    folder.write(DELIVERIES, random_deliveries(40))
    folder.write(FOOTAGE, footage_table({"v": "m1", "w": "m1", "x": "m2", "y": "m2"}))
    folder.write(SHOTS, SHOTS.schema.empty_table())
    labels = []
    for words in commands("Label model"):
        run(words, tmp_path, **{"runs/mine": folder.path})
        labels.append(folder.labels())
    assert {card.label_model for one in folder.label_sets() if (card := one.card())} == {"specific_vote"}
    assert [clip.label for clip in labels[0]] == [clip.label for clip in labels[1]]
    _check_specific_vote()
    (words,) = commands("Rules")
    run(words, tmp_path, **{"runs/mine": folder.path})
    assert "mine.driven" in {vote.rule for vote in folder.votes()}


def _check_specific_vote() -> None:
    """Votes for {cut} and for {sweep, pull_hook}: cut has 1 of 2 at power 1, and 1 of 1.5 at power 2."""
    import my_label_model

    specs = tuple(
        RuleSpec(code=code, family=code, symbols=("yes",), sets_SC=membership([strokes]))
        for code, strokes in (("a", {"cut"}), ("b", {"sweep", "pull_hook"}))
    )
    votes = VoteMatrix(delivery_ids=pa.array(["d"]), specs=specs, symbols_NR=np.zeros((1, 2), np.int8))
    for power, expected in ((1.0, 0.5), (2.0, 1 / 1.5)):
        probs = my_label_model.SpecificVote(power=power).fit(votes).predict_proba(votes)
        assert probs[0, STROKES.index("cut")] == pytest.approx(expected)


def test_pose_backend(parts, tmp_path):
    part = PartSettings(mode="clip", balls_per_match=2, width=128, height=128)
    world = tmp_path / "world"
    build_world(settings=WorldSettings(name="c", parts={"c": part}), out=world, seed=3)
    places = {"path/to/videos": world / "c01.mp4", "path/to/poses": world / "truth"}
    for words in commands("Pose backend"):
        mined = MinedFolder(run([*words, "mining.write_clips=false"], tmp_path, **places))
        assert mined.deliveries() and mined.dataset().clip is None
        true_s = [row["impact_s"] for row in pq.read_table(world / "truth" / "balls.parquet").to_pylist()]
        for delivery in mined.deliveries():  # strokes cannot be found without the joints of the files
            assert min(abs(delivery.impact_s - time_s) for time_s in true_s) < 0.3


def test_logger_and_callback(parts, mined, tmp_path):
    logger, callback = commands("Loggers and callbacks")
    out = run(logger, tmp_path, **{"runs/mine": mined})
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert any("train/step_loss" in line for line in lines) and any("val/macro_f1" in line for line in lines)
    out = run(callback, tmp_path, **{"runs/mine": mined})
    assert "train/gradient_norm" in next(out.rglob("metrics.csv")).read_text()


def test_the_examples_name_strokes_that_exist():
    names = set(re.findall(r'"([a-z_]+)"', (EXAMPLES / "my_rule.py").read_text()))
    assert {"cover_drive", "straight_drive", "on_drive"} <= names & set(STROKES)
