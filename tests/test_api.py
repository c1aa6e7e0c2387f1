"""The Python API: mined folders as tables and arrays, labelling with gold, evaluation of tables, predictions."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pytest

import slowpaths
from slowpaths.core.errors import BrokenVideoError, MissingWeightsError, TableError, UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.store.ledger import read_ledger
from slowpaths.store.schema import PREDICTIONS, TABLES
from tests.data.mined import stroke_frames, write_mined
from tests.models import training

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "docs" / "examples" / "tutorial.py"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    return write_mined(tmp_path_factory.mktemp("api") / "mined", left_handers=frozenset({3}))


@pytest.fixture
def mined(tmp_path) -> slowpaths.Mined:
    return slowpaths.open_mined(write_mined(tmp_path / "mined", num_matches=2))


def test_importing_the_api_is_cheap_and_naming_it_loads_tables_only():
    code = (
        "import sys, slowpaths; dir(slowpaths); print('pyarrow' in sys.modules, 'numpy' in sys.modules);"
        "slowpaths.open_mined; print([name for name in ('torch', 'cv2', 'av', 'hydra') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["False False", "[]"]


def test_every_public_name_is_there_and_no_other():
    assert set(slowpaths.__all__) <= set(dir(slowpaths))
    assert all(getattr(slowpaths, name) for name in slowpaths.__all__)
    with pytest.raises(AttributeError, match="no attribute 'open_mine'"):
        slowpaths.open_mine  # noqa: B018


def test_tables_are_those_of_the_folder(prepared):
    mined = slowpaths.open_mined(prepared)
    for name in ("footage", "shots", "deliveries", "poses", "labels"):
        assert getattr(mined, name)().schema.names == TABLES[name].schema.names
    assert mined.deliveries()["delivery_id"].to_pylist()[:2] == ["v0-d000", "v0-d001"]
    assert mined.gold() == {} and mined.label_sets() == []


def test_a_mined_set_shows_what_it_holds(prepared):
    shown = repr(slowpaths.open_mined(prepared))
    assert "deliveries: 16" in shown and "videos: 4" in shown and "label set: none" in shown
    html = slowpaths.open_mined(prepared)._repr_html_()
    cells = dict(re.findall(r"<th>(.*?)</th><td>(.*?)</td>", html))
    assert cells == {key: unescape(value) for key, value in re.findall(r"^  (.+?): (.*)$", shown, flags=re.M)}


def test_clips_are_the_pixels_on_disk_beside_their_labels(prepared):
    mined = slowpaths.open_mined(prepared)
    everything = list(mined.clips())
    assert [clip.delivery_id for clip, _ in everything] == mined.deliveries()["delivery_id"].to_pylist()
    for count in (0, 3):  # the fourth is left-handed: shown as filmed
        clip, frames = everything[count]
        wanted = stroke_frames(count % 4, is_left_handed=count == 3, seed=count)
        assert (frames.shape, frames.dtype, clip.label) == (wanted.shape, np.uint8, STROKES[count % 4])
        error = np.abs(frames.astype(float) - wanted).mean()
        swapped = np.abs(frames[..., ::-1].astype(float) - wanted).mean()
        mirrored = np.abs(frames[:, :, ::-1].astype(float) - wanted).mean()
        assert error < 10 and error < mirrored
        assert count == 0 or error < swapped  # the first is black


def test_clips_come_in_the_order_asked_for(prepared):
    mined = slowpaths.open_mined(prepared)
    wanted = ["v2-d001", "v0-d003"]
    found = {clip.delivery_id: frames for clip, frames in mined.clips(wanted)}
    assert list(found) == wanted
    assert np.array_equal(mined.clip("v0-d003"), found["v0-d003"])


def test_what_is_not_there_is_one_sentence(mined, tmp_path):
    with pytest.raises(TableError, match=r"no mined folder \(no deliveries.parquet\): give the out= folder"):
        slowpaths.open_mined(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no delivery 'v9': take one of delivery_id"):
        mined.clip("v9")
    with pytest.raises(UsageError, match="has no label set 'abc'; it has none"):
        mined.labels("abc")
    with pytest.raises(TableError, match=r"report\.md is missing: label the folder again"):
        mined.report()
    with pytest.raises(UsageError, match="gold names the delivery 'v9'"):
        slowpaths.label(mined, gold={"v9": "cut"})
    with pytest.raises(UsageError, match="gold gives v0-d000 the label 'cutt'; choose: cut"):
        slowpaths.label(mined, gold={"v0-d000": "cutt"})
    with pytest.raises(UsageError, match="unknown label model 'majorty'; the nearest names are: majority"):
        slowpaths.label(mined, label_model="majorty")
    with pytest.raises(UsageError, match="a int is no table: give a file, a data frame or columns"):
        slowpaths.evaluate(3, mined.labels())
    with pytest.raises(UsageError, match="student has no setting 'fold': did you mean 'folds'"):
        slowpaths.label(mined, student={"fold": 2})
    with pytest.raises(UsageError, match="label has no setting 'companies': did you mean 'company'"):
        slowpaths.label(mined, companies=[])
    with pytest.raises(UsageError, match="seed='x' is no whole number"):
        slowpaths.label(mined, seed="x")
    with pytest.raises(UsageError, match="evaluate has no setting 'tolerance': did you mean 'tolerance_s'"):
        slowpaths.evaluate(mined, mined.labels(), tolerance=1)
    with pytest.raises(TableError, match="elsewhere is no mined folder"):
        slowpaths.label(mined, company="elsewhere")
    with pytest.raises(MissingWeightsError, match=r"gone\.ckpt does not exist"):
        slowpaths.load_classifier(tmp_path / "gone.ckpt")
    (mined.path / "clips" / "v0-d001.mp4").unlink()
    assert mined.clip("v0-d000").shape == (52, 64, 64, 3)  # the others can be read
    with pytest.raises(BrokenVideoError, match=r"v0-d001\.mp4 is missing"):
        list(mined.clips())


def test_gold_given_in_python_holds_as_that_of_a_file_does(mined, tmp_path):
    gold = {"v0-d000": "sweep", "v1-d002": "cut"}
    slowpaths.label(mined, gold=gold)
    first = mined.labels()
    assert mined.gold() == gold
    slowpaths.label(mined.path, label_model="majority")  # keeps it
    assert mined.gold() == gold
    majority = mined.folder.dataset().label_set
    cards = {card.fingerprint: card for card in mined.label_sets()}
    assert sorted(card.label_model for card in cards.values()) == ["hierarchical", "majority"]
    (other,) = set(cards) - {majority}
    assert mined.labels(other).equals(first)
    assert cards[other].configuration["gold"] == gold
    (tmp_path / "gold.csv").write_text("delivery_id,label\nv0-d000,sweep\nv1-d002,cut\n")
    slowpaths.label(mined, gold=tmp_path / "gold.csv")
    assert mined.folder.dataset().label_set == other  # the same labels are the same set
    slowpaths.label(mined, gold="none")
    assert mined.gold() == {}
    assert [entry.stage for entry in read_ledger(mined.path)] == ["label"] * 4
    assert mined.folder.review_file.is_file() and mined.report().startswith("#")


def test_corrections_given_in_python_add_to_what_was_said(mined):
    slowpaths.label(mined, gold={"v0-d000": "sweep", "v0-d001": "no_stroke"})
    slowpaths.label(mined, corrections={"v1-d002": "cut"}, teacher=None, rules={"exclude": "sound"})
    assert mined.gold() == {"v0-d000": "sweep", "v1-d002": "cut"}
    said = {one.delivery_id: one.kind for one in mined.folder.corrections()}
    assert said == {"v0-d000": "stroke", "v0-d001": "no_stroke", "v1-d002": "stroke"}


def test_votes_of_one_delivery_are_its_rows(mined):
    slowpaths.label(mined, rules={"exclude": ["foot"]}, selection={"enabled": False})
    votes = mined.votes()
    assert votes.num_rows and not any(rule.startswith("foot.") for rule in votes["rule"].to_pylist())
    own = mined.votes("v0-d001").to_pylist()
    assert own == [row for row in votes.to_pylist() if row["delivery_id"] == "v0-d001"]


def test_evaluation_takes_tables_columns_and_files_alike(mined, tmp_path):
    slowpaths.label(mined)
    labels = mined.labels()
    truth = {name: labels[name].to_pylist() for name in ("video", "impact_s", "label")}
    truth["label"][0] = next(stroke for stroke in STROKES if stroke not in truth["label"])
    reports = [slowpaths.evaluate(labels, truth)]
    csv.write_csv(pa.table(truth), tmp_path / "truth.csv")
    file = mined.path / "labels.parquet"
    reports.append(slowpaths.evaluate(file, str(tmp_path / "truth.csv"), out=tmp_path / "out"))
    reports.append(slowpaths.evaluate(mined, tmp_path / "truth.csv"))
    for report in reports:
        assert report["top1"].value == 7 / 8
    assert json.loads((tmp_path / "out" / "report.json").read_text())["measures"]["top1"]["value"] == 7 / 8
    assert reports[2]["mining_recall_near"].value == 1 and "mining_recall_near" not in repr(reports[0])
    assert "top1 = 0.875" in repr(reports[0]) and "| top1 |" in reports[0]._repr_markdown_()


@pytest.mark.filterwarnings("ignore")  # other libraries' advice on a training this small
def test_a_classifier_predicts_a_mined_set_or_some_of_it(prepared, tmp_path):
    shown = {"num_frames": 8, "frame_stride": 4, "alpha": 4, "crop_px": 32, "read_px": 32, "fps": 25.0}
    model = training.classifier(clip=shown)
    run = training.trainer(max_epochs=1, limit_train_batches=1)
    run.fit(model, training.loader())
    run.save_checkpoint(tmp_path / "last.ckpt")
    classifier = slowpaths.load_classifier(tmp_path / "last.ckpt")
    assert "'crop_px': 32" in repr(classifier)
    table = classifier.predict(prepared)
    assert table.schema.names == PREDICTIONS.schema.names
    assert table["delivery_id"].to_pylist() == slowpaths.open_mined(prepared).deliveries()["delivery_id"].to_pylist()
    assert set(table["view_index"].to_pylist()) == {-1}
    some = classifier.predict(slowpaths.open_mined(prepared), ["v1-d002"], batch_size=1)
    (one,), (same,) = some.to_pylist(), table.slice(6, 1).to_pylist()
    assert one["delivery_id"] == same["delivery_id"] == "v1-d002"
    assert one["confidence"] == pytest.approx(same["confidence"], abs=1e-5)
    with pytest.raises(UsageError, match="holds no delivery 'v9'"):
        classifier.predict(prepared, ["v9"])
    assert slowpaths.evaluate(table, table)["top1"].value == 1


def test_the_tutorial_page_is_the_example_piece_by_piece():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(), flags=re.S)
    code = TUTORIAL.read_text().split('"""\n', 1)[1]
    assert "\n".join(block.strip() for block in blocks).split() == code.split()
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith(("#", "import", "from"))]
    assert len(lines) <= 30


@pytest.fixture
def fresh(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs" / "tutorial"


def check_tutorial(names: dict, out: Path) -> None:
    mined, gold = names["mined"], names["gold"]
    assert mined.gold() == gold and len(gold) == 2
    labels = {row["delivery_id"]: row for row in mined.labels().to_pylist()}
    assert all(labels[key]["label"] == stroke and labels[key]["source"] == "gold" for key, stroke in gold.items())
    assert len(mined.label_sets()) == 2
    assert names["after"]["top1"].value >= names["before"]["top1"].value
    assert names["frames"].shape[1:] == (256, 256, 3)
    assert (out / "clip.png").stat().st_size > 10_000 and (out / "evaluation" / "report.md").is_file()


@pytest.mark.slow
def test_the_tutorial_runs(fresh):
    check_tutorial(runpy.run_path(str(TUTORIAL)), fresh)


def test_the_tutorial_runs_on_simulated_poses(fresh):
    code = TUTORIAL.read_text().replace('pose="compact"', 'pose="simulated"')
    assert "simulated" in code
    names: dict = {}
    exec(compile(code, str(TUTORIAL), "exec"), names)
    check_tutorial(names, fresh)
