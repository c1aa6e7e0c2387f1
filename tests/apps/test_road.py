"""The whole road on a small made match, through the command line: mine, label, train, predict, evaluate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.batter import stick_match

from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.store.ledger import read_ledger
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_footage, read_labels, read_predictions

TABLES = ("footage", "shots", "deliveries", "poses", "votes", "labels")
pytestmark = pytest.mark.filterwarnings("ignore")  # other libraries' deprecations; the rooms test their own


@pytest.fixture(scope="module")
def road(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("road")
    stick_match(folder / "footage", num_deliveries=4, deliveries_per_video=1, size=(320, 180), replay_share=0.0, seed=1)
    (folder / "footage" / "broken.mp4").write_bytes(b"this is no video")
    assert main(["mine", f"footage={folder / 'footage'}", f"out={folder / 'mined'}", "pose=simulated"]) == 3
    return folder


def test_mining_writes_every_table_and_names_the_broken_file(road):
    mined = road / "mined"
    assert all((mined / f"{name}.parquet").exists() for name in TABLES)
    videos = {video.path: video for video in read_footage(mined / "footage.parquet")}
    assert videos["broken.mp4"].status == "quarantined"
    assert "broken.mp4" in (mined / "report.md").read_text()
    page = (mined / "review.html").read_text()
    labels = read_labels(mined / "labels.parquet")
    assert len(labels) >= 3
    for clip in labels:
        assert (mined / "clips" / f"{clip.delivery_id}.mp4").exists()
        assert f'data-clip="{clip.delivery_id}"' in page


def test_a_run_killed_on_its_way_goes_on_to_the_same_bytes_and_tells_who_named_strokes(road, tmp_path, capsys):
    mined = tmp_path / "mined"
    shutil.copytree(road / "mined", mined)
    before = {path.name: file_digest(path) for path in mined.glob("*.parquet")}
    ledger = (mined / "ledger.jsonl").read_bytes()
    shard = sorted((mined / "shards").glob("*/match_*"))[-1]
    shutil.rmtree(shard)
    for name in ("deliveries.parquet", "labels.parquet", "ledger.jsonl", "report.md"):
        (mined / name).unlink()
    assert main(["mine", f"footage={road / 'footage'}", f"out={mined}", "pose=simulated"]) == 3
    assert {path.name: file_digest(path) for path in mined.glob("*.parquet")} == before
    assert (mined / "ledger.jsonl").read_bytes() == ledger
    said = " ".join(capsys.readouterr().out.split())
    assert "voices that speak, of" in said and "teach a label model little" in said


def test_other_settings_do_not_mix_into_a_mined_folder(road, capsys):
    arguments = [f"footage={road / 'footage'}", f"out={road / 'mined'}", "pose=simulated", "mining.clip_px=128"]
    assert main(["mine", *arguments]) == 1
    assert "was mined with other settings" in capsys.readouterr().err


def test_labels_are_made_again_and_every_set_is_kept(road):
    mined = road / "mined"
    before = file_digest(mined / "labels.parquet")
    page = (mined / "review.html").read_bytes()
    assert main(["label", f"mined={mined}", "label_model=majority"]) == 0
    assert b'"label model":"majority"' in (mined / "review.html").read_bytes()
    assert file_digest(mined / "labels.parquet") != before
    assert main(["label", f"mined={mined}"]) == 0
    assert file_digest(mined / "labels.parquet") == before
    assert (mined / "review.html").read_bytes() == page
    assert len(list((mined / "label_sets").iterdir())) == 2
    assert [entry.stage for entry in read_ledger(mined)] == ["mine", "label", "label"]


def test_pretrained_weights_initialise_training(road, capsys):
    small = [
        "data.crop_px=48",
        "data.read_px=48",
        "data.num_workers=0",
        "optim.warmup_epochs=0",
        "trainer.max_epochs=1",
    ]
    out = road / "pretrained"
    words = ["pretrain", f"mined={road / 'mined'}", "model=slowfast_tiny", "trainer=cpu", f"out={out}", *small]
    assert main([*words, "data.fractions=[0.5,0.5,0.0]"]) == 0
    assert "val/r2" in capsys.readouterr().out
    features = (out / "features.csv").read_text().splitlines()
    assert features[0] == "feature,clips,r2"
    assert len(features) > 10
    assert "names no stroke" in (out / "checkpoints" / "CARD.md").read_text()
    (entry,) = read_ledger(out)
    assert (entry.stage, set(entry.outputs)) == (
        "pretrain",
        {"backbone.safetensors", "backbone.CARD.md", "checkpoints/best.ckpt", "checkpoints/CARD.md", "features.csv"},
    )  # fmt: skip
    train = ["train", f"mined={road / 'mined'}", "experiment=tiny_cpu", f"out={road / 'started'}", *small]
    assert main([*train, "data.fractions=[0.6,0.0,0.4]", f"init={out / 'backbone.safetensors'}"]) == 0
    assert main([*train, f"out={road / 'other'}", "init=nowhere"]) == 2
    assert "there are no weights 'nowhere'" in capsys.readouterr().err


def test_train_predict_and_evaluate(road):
    out = road / "model"
    train = ["train", f"mined={road / 'mined'}", "experiment=tiny_cpu", f"out={out}", "trainer.max_epochs=1"]
    small = ["optim.warmup_epochs=0", "data.crop_px=48", "data.read_px=48", "data.fractions=[0.6,0.0,0.4]"]
    assert main([*train, *small]) == 0
    predictions = read_predictions(out / "predictions.parquet")
    assert {row.split for row in predictions} == {"train", "test"}
    assert {row.view_index for row in predictions} == {-1, 0, 1, 2}
    card = (out / "checkpoints" / "CARD.md").read_text()
    state = RunFolder(out).state()
    assert state is not None and state.state == "done" and 0 <= state.metrics["held_out/label_agreement"] <= 1
    assert "not against truth" in card and MinedFolder(road / "mined").dataset().label_set in card

    checkpoint = out / "checkpoints" / "last.ckpt"
    video = sorted((road / "footage").glob("match_*.mp4"))[0]
    events = road / "events"
    arguments = [f"ckpt={checkpoint}", f"footage={video}", f"out={events}", "pose=simulated"]
    assert main(["predict", *arguments]) == 0
    (listed,) = json.loads((events / "events.json").read_text())
    assert listed["video"] == video.name
    assert len(listed["events"]) >= 1
    # the same clip, cut anew from the same footage, gets the same probabilities
    known = {row.delivery_id: row for row in predictions if row.view_index == -1}
    for row in read_predictions(events / "predictions.parquet"):
        if row.view_index == -1:
            assert row.probs == pytest.approx(known[row.delivery_id].probs, abs=1e-5)

    report = road / "report"
    truth = road / "footage" / "truth.csv"
    arguments = [f"predictions={out / 'predictions.parquet'}", f"mined={road / 'mined'}", f"truth={truth}"]
    assert main(["evaluate", *arguments, f"out={report}"]) == 0
    measures = json.loads((report / "report.json").read_text())["measures"]
    assert measures["mining_recall_near"]["value"] >= 0.75
    assert (report / "figures").is_dir()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["mine", "footage=nowhere"], 2, "nowhere"),
        (["mine", "footage={empty}"], 2, "holds no video"),
        (["mine", "footage={nobody}"], 2, "nobody.npz holds no sequence"),
        (["label", "mined={mined}", "rules.include=[foot.strid]"], 2, "foot.stride"),
        (["label", "mined={mined}", "gold={truth}"], 1, "delivery_id"),
        (["train", "mined={empty}"], 2, "slowpaths mine"),
        (["predict", "ckpt={truth}", "footage={empty}"], 1, "not a checkpoint"),
        (["predict", "ckpt=nowhere.ckpt", "footage={empty}"], 2, "ckpt=nowhere.ckpt does not exist"),
        (["evaluate", "mined={mined}", "truth={edl}"], 1, "column"),
        (["evaluate", "truth={truth}"], 2, "predictions="),
    ],
)
def test_bad_input_is_one_sentence(road, tmp_path, capsys, arguments, code, sentence):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("video,when\na.mp4,1\n")
    nobody = tmp_path / "nobody.npz"
    words = np.zeros(0, "U1")
    np.savez(nobody, pose=np.zeros((0, 5, 33, 3)), length=np.zeros(0, int), label=words, name=words)
    names = {
        "nobody": nobody,
        "empty": tmp_path,
        "mined": road / "mined",
        "truth": road / "footage" / "truth.csv",
        "edl": wrong,
    }
    found = main([argument.format(**names) for argument in arguments])
    error = capsys.readouterr().err.strip()
    assert (found, len(error.splitlines())) == (code, 1), error
    assert sentence in error
