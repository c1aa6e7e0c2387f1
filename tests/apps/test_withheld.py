"""Training beside the labels: epochs judged by rules that they were made without, features and a student in pixels."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest
from tests.data.mined import write_mined, write_voices

from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.core.records import Vote
from slowpaths.core.strokes import STROKES
from slowpaths.models.prediction import load_classifier
from slowpaths.store.ledger import LEDGER_NAME
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS, VOTES
from slowpaths.store.tables import write_json, write_table

pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own
SMALL = (
    "model=slowfast_tiny", "model.width=8", "trainer=cpu", "data.num_frames=8", "data.crop_px=32", "data.read_px=null",
    "data.num_test_views=1", "data.batch_size=4", "data.fractions=[.5,.25,.25]", "optim.warmup_epochs=0",
    "trainer.max_epochs=2", "logger=[]", "best_by=val/withheld_agreement",
)  # fmt: skip
RULES = {
    "foot.a": {"family": "foot", "votes": {name: [name] for name in STROKES[:4]}},
    "sound.b": {"family": "sound", "votes": {name: [name] for name in STROKES[:4]}},
}


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> MinedFolder:
    """Return a folder in whose label set `quiet` the family sound did not vote."""
    folder = MinedFolder(write_mined(tmp_path_factory.mktemp("withheld") / "mined", clips_a_match=4, size=32))
    votes = [
        asdict(Vote(delivery_id=clip.delivery_id, rule=rule, symbol=clip.label, evidence=""))
        for clip in folder.labels() for rule in RULES
    ]  # fmt: skip
    write_table(folder.file(VOTES), pa.Table.from_pylist(votes, schema=VOTES.schema), VOTES)
    write_json(folder.rules_file, RULES)
    quiet = folder.label_set("quiet")
    quiet.path.mkdir(parents=True)
    quiet.file(LABELS).write_bytes(folder.file(LABELS).read_bytes())
    write_json(quiet.rules_file, {"foot.a": RULES["foot.a"]})
    return folder


def test_epochs_are_judged_by_rules_that_the_labels_do_not_know(mined, tmp_path):
    labels = mined.label_set("quiet").file(LABELS)
    words = ["train", f"mined={mined.path}", f"labels={labels}", f"out={tmp_path}", *SMALL, "loss.feature_weight=0.5"]
    assert main(words) == 0
    rows = list(csv.DictReader(RunFolder(tmp_path).history.read_text().splitlines()))
    assert len(rows) == 2
    for row in rows:  # every clip has a vote for its own label: only agreement beyond chance is left
        assert -1 <= float(row["val/withheld_agreement"]) <= 1
        assert math.isfinite(float(row["train/feature_loss"])) and float(row["train/feature_loss"]) > 0
    assert (tmp_path / "checkpoints" / "best.ckpt").is_file()
    assert load_classifier(RunFolder(tmp_path).last_checkpoint).features.out_features == 3  # the fourth never differs


def test_labels_that_know_every_rule_are_one_sentence(mined, tmp_path: Path, capsys):
    assert main(["train", f"mined={mined.path}", f"out={tmp_path / 'run'}", *SMALL]) == 2
    assert "judges by votes of rules that the labels were made without, and there are none" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_student_is_learnt_from_where_there_is_one(mined, tmp_path, capsys):
    beside = [word for word in SMALL if not word.startswith("best_by")] + ["loss.student_weight=0.3"]
    words = ["train", f"mined={mined.path}", f"out={tmp_path / 'run'}", *beside]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "voices.parquet holds nothing that the student says" in error and "or set loss.student_weight=0" in error
    assert not (tmp_path / "run").exists()
    write_voices(mined.path, {"student": 2})
    assert main(words) == 0
    losses = [float(row["train/student_loss"]) for row in csv.DictReader(RunFolder(tmp_path / "run").history.open())]
    assert len(losses) == 2 and losses[1] < losses[0]
    assert file_digest(mined.voices_file) in (tmp_path / "run" / LEDGER_NAME).read_text()
    mined.voices_file.unlink()
    out = tmp_path / "exported"
    assert main(["export", f"ckpt={RunFolder(tmp_path / 'run').best_checkpoint}", f"out={out}"]) == 0


def test_a_run_stops_when_a_measure_without_labels_no_longer_rises(mined, tmp_path):
    stopping = "_target_: lightning.pytorch.callbacks.EarlyStopping, monitor: val/covering_rate, mode: max, patience: 1"
    beside = "{_target_: slowpaths.models.callbacks.label_free.LabelFreeMetrics}"
    words = [word for word in SMALL if not word.startswith(("trainer.max_epochs", "best_by"))]
    words += ["optim.lr=1e-9", "trainer.max_epochs=9", f"callbacks=[{beside},{{{stopping}, min_delta: 0.5}}]"]
    assert main(["train", f"mined={mined.path}", f"out={tmp_path}", *words]) == 0
    rows = list(csv.DictReader(RunFolder(tmp_path).history.read_text().splitlines()))
    assert len(rows) == 2  # nothing is learnt at this rate: the second epoch is no better than the first
    assert all(0 <= float(row["val/covering_rate"]) <= 1 for row in rows)
