"""`slowpaths label` on a mined folder without footage: gold, own rules, and what is kept of every label set."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.labelling.tables import footage_table, random_deliveries

from slowpaths.cli import main
from slowpaths.core.ids import file_digest
from slowpaths.core.records import PoseTrack
from slowpaths.core.strokes import INDEX
from slowpaths.labelling.model.class_prior import expected_shares
from slowpaths.models import student
from slowpaths.store.ledger import read_ledger
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, LABELS, POSES, SHOTS
from slowpaths.store.tables import write_json, write_poses

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "my_rule.py"


@pytest.fixture
def mined(tmp_path) -> MinedFolder:
    folder = MinedFolder(tmp_path / "mined")
    folder.write(DELIVERIES, random_deliveries(60))
    footage = footage_table({"v": "m1", "w": "m1", "x": "m2", "y": "m2"})
    folder.write(FOOTAGE, footage.set_column(footage.column_names.index("fps_fraction"), "fps_fraction", [["25"] * 4]))
    folder.write(SHOTS, SHOTS.schema.empty_table())
    return folder


def relabel(mined: MinedFolder, *words: str) -> int:
    return main(["label", f"mined={mined.path}", *words])


def gold_of(mined: MinedFolder) -> dict[str, str]:
    return {clip.delivery_id: clip.label for clip in mined.labels() if clip.source == "gold"}


def test_gold_is_kept_until_it_is_replaced_or_forgotten(mined, tmp_path):
    (tmp_path / "a.CSV").write_text("delivery_id,label\nv-d00000001,sweep\nv-d00000002,cut\n")
    (tmp_path / "b.csv").write_text("delivery_id,label\nv-d00000003,leave\n")
    given = {"v-d00000001": "sweep", "v-d00000002": "cut"}
    assert relabel(mined, f"gold={tmp_path / 'a.CSV'}") == 0
    assert gold_of(mined) == given
    assert relabel(mined, "label_model=majority") == 0
    assert gold_of(mined) == given
    assert relabel(mined, f"gold={tmp_path / 'b.csv'}") == 0
    assert gold_of(mined) == {"v-d00000003": "leave"}
    assert relabel(mined, "gold=none") == 0
    assert gold_of(mined) == {}
    assert relabel(mined) == 0
    assert gold_of(mined) == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("delivery_id,label\nv-d00000001,cut\nnobody,cut\n", "line 3, column delivery_id: 'nobody' is no delivery"),
        ("delivery_id,label\nv-d00000001,cutt\n", "line 2, column label: 'cutt' is no stroke; choose: cut"),
        ("delivery_id,label\nv-d00000001,\n", "line 2, column label: '' is no stroke"),
        ("id,label\nv-d00000001,cut\n", "has no column 'delivery_id'"),
        ("delivery_id,label\nv-d00000001,cut,3\n", "line 2: 3 values for 2 columns"),
    ],
)
def test_gold_that_cannot_be_is_named_with_its_line(mined, tmp_path, capsys, text, sentence):
    (tmp_path / "gold.csv").write_text(text)
    assert relabel(mined, f"gold={tmp_path / 'gold.csv'}") == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert not mined.has(LABELS)


@pytest.fixture
def other(mined, tmp_path) -> MinedFolder:
    """Return a second mined folder of 200 deliveries."""
    folder = MinedFolder(tmp_path / "other")
    deliveries = random_deliveries(200, seed=1)
    names = [f"other-{number}" for number in range(200)]
    folder.write(DELIVERIES, deliveries.set_column(0, "delivery_id", [names]))
    folder.write(FOOTAGE, mined.read(FOOTAGE))
    folder.write(SHOTS, SHOTS.schema.empty_table())
    return folder


def test_few_deliveries_and_rules_at_odds_are_told_in_the_terminal(mined, other, capsys):
    """The features are drawn by lot, so no rule bears out another."""
    assert relabel(mined) == 0
    said = capsys.readouterr().out
    assert "note: 60 deliveries teach a label model little of its rules (200 do): name more" in said
    assert "note: families of rules bear out little of what is named without them: trust the labels little" in said
    assert "note: before flattening the label model is" in said and "points in simulated worlds" in said
    assert relabel(mined, f"company=[{other.path}]") == 0
    assert "teach a label model little" not in capsys.readouterr().out


def test_company_teaches_and_is_not_labelled(mined, other):
    assert relabel(mined) == 0
    alone = mined.read(LABELS)
    before = {path: path.read_bytes() for path in other.path.rglob("*") if path.is_file()}
    assert relabel(mined, f"company=[{other.path}]") == 0
    together = mined.read(LABELS)
    assert together["delivery_id"].equals(alone["delivery_id"])
    assert not together["prob_cut"].equals(alone["prob_cut"])
    assert {vote.delivery_id for vote in mined.votes()} <= set(together["delivery_id"].to_pylist())
    assert before == {path: path.read_bytes() for path in other.path.rglob("*") if path.is_file()}
    assert "together with 200 deliveries of company" in mined.report_file.read_text()
    assert mined.card().configuration["company"] == [str(other.path)]
    assert read_ledger(mined.path)[-1].inputs[str(other.file(DELIVERIES))] == file_digest(other.file(DELIVERIES))
    assert relabel(mined) == 0
    assert mined.read(LABELS)["prob_cut"].equals(alone["prob_cut"])


def test_deliveries_that_company_repeats_count_once(mined, tmp_path):
    copy = MinedFolder(tmp_path / "copy")
    for spec in (DELIVERIES, FOOTAGE):
        copy.write(spec, mined.read(spec))
    assert relabel(mined) == 0
    alone = mined.read(LABELS)
    assert relabel(mined, f"company=[{copy.path}]") == 0
    assert mined.read(LABELS)["prob_cut"].equals(alone["prob_cut"])


@pytest.mark.parametrize(
    ("spoil", "given", "sentence"),
    [
        (None, "[{other},{other}]", "is named twice or is the folder to label"),
        (None, "[{mined}/../mined]", "is named twice or is the folder to label"),
        (None, "[{other}/clips]", "company"),
        ("empty", "[{other}]", "is no mined folder (no deliveries.parquet)"),
        ("feature", "[{other}]", "was mined with other features ("),
        ("strokes", "[{other}]", "was mined with another taxonomy of strokes: mine its footage again"),
    ],
)
def test_company_that_cannot_be_is_one_sentence_and_nothing_is_lost(mined, other, capsys, spoil, given, sentence):
    assert relabel(mined) == 0
    before = {path: path.read_bytes() for path in mined.path.rglob("*") if path.is_file()}
    if spoil == "empty":
        other.file(DELIVERIES).unlink()
    if spoil == "feature":
        table = pq.read_table(other.file(DELIVERIES))
        pq.write_table(table.drop_columns(["feature_head_drop"]), other.file(DELIVERIES))
    if spoil == "strokes":
        other.describe()
        described = json.loads(other.dataset_file.read_text())
        other.dataset_file.write_text(json.dumps(described | {"strokes": ["drive", "cut"]}))
    capsys.readouterr()
    assert relabel(mined, f"company={given.format(mined=mined.path, other=other.path)}") != 0
    said = capsys.readouterr().err
    assert sentence in said and said.strip().count("\n") == 0
    assert before == {path: path.read_bytes() for path in mined.path.rglob("*") if path.is_file()}


def test_every_label_set_keeps_its_files_its_model_and_its_configuration(mined):
    assert relabel(mined) == 0
    assert relabel(mined, "label_model=majority", "rules.exclude=[sound]") == 0
    cards = {card.label_model: card for folder in mined.label_sets() if (card := folder.card())}
    assert set(cards) == {"hierarchical", "majority"}
    assert cards["majority"].configuration["rules"]["exclude"] == ["sound"]
    assert cards["majority"].configuration["label_model"]["_target_"].endswith("MajorityVote")
    entries = read_ledger(mined.path)
    for entry, name in zip(entries, ("hierarchical", "majority"), strict=True):
        own = mined.label_set(cards[name].fingerprint)
        assert entry.rules == cards[name].fingerprint
        files = {path.relative_to(mined.path).as_posix() for path in own.path.iterdir()}
        assert set(entry.outputs) == files and len(files) == 5
        assert all(file_digest(mined.path / output) == digest for output, digest in entry.outputs.items())
        assert {clip.votes_fingerprint for clip in own.labels()} == {cards[name].fingerprint}
    assert mined.dataset().label_model == "majority"
    assert file_digest(mined.file(LABELS)) == file_digest(mined.label_set(cards["majority"].fingerprint).file(LABELS))


def test_rules_of_your_own_vote(mined):
    assert relabel(mined, f"rules.paths=[{EXAMPLE}]") == 0
    assert "mine.driven" in mined.rules() and "| mine.driven |" in mined.report_file.read_text()
    assert any(vote.rule == "mine.driven" for vote in mined.votes())
    assert read_ledger(mined.path)[-1].inputs[str(EXAMPLE)] == file_digest(EXAMPLE)
    assert "label with" not in mined.report_file.read_text()


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("label_model.temperature=0", "temperature"),
        ("label_model.temperature=abc", "temperature"),
        ("label_model.tied_rounds=2.5", "tied_rounds"),
        ("label_model.merge_families=maybe", "merge_families"),
        ("rules.paths=[nowhere.py]", "nowhere.py cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_writes_nothing(mined, capsys, word, sentence):
    assert relabel(mined, word) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1 and "Traceback" not in said
    assert not mined.has(LABELS)


def test_the_card_is_plain_json(mined):
    assert relabel(mined) == 0
    card = json.loads(mined.card_file.read_text())
    assert card["configuration"]["gold"] is None and card["label_model"] == "hierarchical"


def test_each_voice_can_be_switched_off_and_leaves_what_it_said(mined, tmp_path, capsys):
    assert relabel(mined) == 0
    heard = mined.read(LABELS)
    said = pq.read_table(mined.voices_file)
    assert set(said["model_id"].to_pylist()) == {"votes", "teacher"}, "few deliveries teach no student"
    assert "### Voices" in mined.report_file.read_text()
    assert relabel(mined, "teacher=none", "student.use=false") == 0
    assert set(pq.read_table(mined.voices_file)["model_id"].to_pylist()) == {"votes"}
    assert not mined.read(LABELS)["prob_cut"].equals(heard["prob_cut"])
    (tmp_path / "mine.npz").write_bytes((files("slowpaths.labelling") / "weights" / "teacher.npz").read_bytes())
    assert relabel(mined, f"teacher={tmp_path / 'mine.npz'}") == 0
    assert mined.read(LABELS)["prob_cut"].equals(heard["prob_cut"])
    assert relabel(mined, "teacher=nobody.npz") == 2
    sentence = capsys.readouterr().err
    assert "teacher=nobody.npz" in sentence and sentence.count("\n") == 1
    assert mined.read(LABELS)["prob_cut"].equals(heard["prob_cut"])


QUICK = ("student.min_deliveries=8", "student.folds=2", "student.repeats=1", "student.epochs=1")


@pytest.fixture
def posed(mined) -> MinedFolder:
    """Return the mined folder with poses, its strokes twenty seconds apart."""
    deliveries = mined.read(DELIVERIES)
    for column in ("start_s", "impact_s", "end_s"):
        later = deliveries[column].to_numpy() + 20.0 * np.arange(60)
        deliveries = deliveries.set_column(deliveries.column_names.index(column), column, pa.array(later))
    mined.write(DELIVERIES, deliveries)
    random, tracks = np.random.default_rng(0), []
    for delivery in mined.deliveries():
        keypoints = random.uniform(0, 100, size=(10, 17, 3))
        keypoints[..., 2] = 0.9
        tracks.append(
            PoseTrack(
                video_id=delivery.video_id, shot_id=delivery.shot_id, track_id=0, frames_T=np.arange(10),
                pts_s=delivery.impact_s + np.arange(-5, 5) / 25, keypoints_TJC=keypoints, boxes_T4=np.zeros((10, 4)),
                camera_T3=np.zeros((10, 3)),
            )
        )  # fmt: skip
    write_poses(mined.file(POSES), tracks)
    return mined


def files_of(folder: MinedFolder) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_the_student_speaks_where_enough_poses_are_at_hand(posed, capsys):
    assert relabel(posed, *QUICK) == 0
    said = pq.read_table(posed.voices_file)
    assert set(said["model_id"].to_pylist()) == {"votes", "teacher", "student"}
    student = said.filter(pc.equal(said["model_id"], "student"))
    assert student.num_rows == posed.read(DELIVERIES).num_rows
    assert "| student | 60 |" in posed.report_file.read_text()
    shown = capsys.readouterr()
    assert "teaching the student 2/2" in shown.err
    assert "student on 60" in shown.out and "the labels pool them with teacher and student" in shown.out


def test_a_killed_student_goes_on_and_leaves_nothing_behind(posed, monkeypatch, capsys):
    assert relabel(posed, *QUICK) == 0
    whole = posed.read(LABELS)
    assert relabel(posed, "student.use=false") == 0
    before = files_of(posed)
    taught, teach = [], student._teach

    def killed(*given, **how):
        if taught:
            raise KeyboardInterrupt
        taught.append(how["seed"])
        return teach(*given, **how)

    monkeypatch.setattr(student, "_teach", killed)
    assert relabel(posed, *QUICK) != 0
    (kept,) = [path for path in files_of(posed) if path not in before]
    assert kept.parent == posed.student
    assert {path: text for path, text in files_of(posed).items() if path != kept} == before
    monkeypatch.setattr(student, "_teach", lambda *given, **how: taught.append(how["seed"]) or teach(*given, **how))
    capsys.readouterr()
    assert relabel(posed, *QUICK) == 0
    assert taught == [0, 1]
    assert posed.read(LABELS).equals(whole)
    assert not posed.student.exists()


def test_a_student_that_was_killed_in_its_second_round_goes_on_there(posed, monkeypatch):
    twice = (*QUICK, "student.rounds=2")
    taught, teach, lessons = [], student._teach, []

    def watched(shown, targets_NC, settings, *, seed):
        taught.append(seed)
        lessons.append(targets_NC)
        if len(taught) == 4:
            raise KeyboardInterrupt
        return teach(shown, targets_NC, settings, seed=seed)

    monkeypatch.setattr(student, "_teach", watched)
    assert relabel(posed, *twice) != 0
    assert taught == [0, 1, 0, 1]
    assert not np.allclose(lessons[0], lessons[2]), "the second round is taught what the first one said"
    assert relabel(posed, *twice) == 0
    assert taught == [0, 1, 0, 1, 1]
    assert not posed.student.exists()


def test_what_the_student_is_taught_has_the_shares_of_strokes_that_the_label_model_expects(posed, monkeypatch):
    lessons = []

    def say(shown, targets_NC, unseen, **how):
        lessons.append(targets_NC)
        return np.full((len(unseen), targets_NC.shape[1]), 1.0 / targets_NC.shape[1])

    monkeypatch.setattr(student, "_say", say)
    shares = {}
    equal, often = "student.use_class_prior=true", "label_model.class_prior.cut=9"
    for words in ((), (equal,), (equal, often)):
        lessons.clear()
        assert relabel(posed, *QUICK, *words) == 0
        shares[words] = np.concatenate(lessons).mean(axis=0)[INDEX["cut"]]
    as_found, expected, many = shares.values()
    assert expected == pytest.approx(expected_shares(None)[INDEX["cut"]], abs=0.02)
    assert many == pytest.approx(expected_shares({"cut": 9.0})[INDEX["cut"]], abs=0.05)
    assert as_found != pytest.approx(expected, abs=0.005)


def test_how_far_the_teacher_counts_stands_in_terminal_and_report(mined, capsys):
    assert relabel(mined) == 0
    shown, report = capsys.readouterr().out, mined.report_file.read_text()
    assert "note: the teacher counts 0." in shown and "of a whole voice" in shown
    assert "The teacher counts 0." in report and "| voice | deliveries | weight | borne out |" in report
    assert relabel(mined, "teacher=none") == 0
    assert "the teacher counts" not in capsys.readouterr().out


def test_votes_can_be_left_out(mined, capsys):
    deliveries = mined.read(DELIVERIES)
    shots = pa.array([f"h{row}" for row in range(60)])  # no two of one ball
    column = deliveries.column_names.index("shot_id")
    mined.write(DELIVERIES, deliveries.set_column(column, deliveries.schema.field(column), shots))
    assert relabel(mined, "votes=false") == 0
    labels, said = mined.read(LABELS), pq.read_table(mined.voices_file)
    teacher = said.filter(pc.equal(said["model_id"], "teacher"))
    named = dict(zip(teacher["delivery_id"].to_pylist(), teacher["label"].to_pylist(), strict=True))
    ours = dict(zip(labels["delivery_id"].to_pylist(), labels["label"].to_pylist(), strict=True))
    assert {name: ours[name] for name in named} == named
    assert "| votes | " in mined.report_file.read_text()
    capsys.readouterr()
    assert relabel(mined, "votes=false", "teacher=none") != 0
    assert "votes=false leaves nobody who names a stroke" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "60 deliveries are at hand, and it learns from 200 or more (student.min_deliveries)"),
        (("student.min_deliveries=8",), "no delivery has a pose sequence to learn from"),
    ],
)
def test_why_the_student_is_silent_stands_in_terminal_and_report(mined, capsys, words, sentence):
    assert relabel(mined, *words) == 0
    shown = capsys.readouterr().out
    assert "note: voices that speak, of 60 deliveries: votes on 6" in shown and f"student on none ({sentence})" in shown
    assert f"The student on none: {sentence}." in mined.report_file.read_text()


def test_too_few_matches_teach_no_student_and_that_is_said(posed, capsys):
    assert relabel(posed, "student.min_deliveries=8", "student.folds=3") == 0
    assert "deliveries come from 2 matches, and it learns from 3 or more (student.folds)" in capsys.readouterr().out


def test_a_voice_is_evaluated_and_compared_like_anybodys_predictions(posed, tmp_path, capsys):
    assert relabel(posed, *QUICK) == 0
    rows = [
        f"{clip.video_id}.mp4,{clip.impact_s},{('cut', 'sweep', 'leave')[number % 3]}"
        for number, clip in enumerate(posed.labels())
    ]
    truth = tmp_path / "truth.csv"
    truth.write_text("\n".join(["video,impact_s,label", *rows]) + "\n")
    runs = []
    for voice in ("teacher", "student"):
        runs.append(tmp_path / voice)
        asked = (f"predictions={posed.voices_file}", f"model_id={voice}", f"truth={truth}", "split=all")
        assert main(["evaluate", *asked, f"out={runs[-1]}"]) == 0
    names = ",".join(map(str, runs))
    assert main(["compare", f"runs=[{names}]", f"out={tmp_path / 'compared'}"]) == 0
    words = (tmp_path / "compared" / "compare.md").read_text()
    assert "teacher" in words and "student" in words and "top1" in words


def test_the_teacher_is_written_as_sure_as_it_is_right_and_pooled_as_it_speaks(mined, tmp_path):
    assert relabel(mined) == 0
    labels, said = mined.read(LABELS), pq.read_table(mined.voices_file)
    with np.load(files("slowpaths.labelling") / "weights" / "teacher.npz") as shipped:
        np.savez(tmp_path / "flat.npz", **(dict(shipped) | {"temperature": np.array(3.0)}))
    assert relabel(mined, f"teacher={tmp_path / 'flat.npz'}") == 0
    flat = pq.read_table(mined.voices_file)
    sure, less = (
        pc.mean(table.filter(pc.equal(table["model_id"], "teacher"))["confidence"]).as_py() for table in (said, flat)
    )
    assert less < sure - 0.1
    assert mined.read(LABELS)["prob_cut"].equals(labels["prob_cut"])


def with_features(deliveries, change):
    """Return deliveries with each feature changed, column by column."""
    for name in (name for name in deliveries.column_names if name.startswith("feature_")):
        column = deliveries.column_names.index(name)
        values = change(deliveries[name].to_numpy())
        deliveries = deliveries.set_column(column, deliveries.schema.field(column), pa.array(values, pa.float64()))
    return deliveries


def test_without_a_word_from_anybody_nothing_is_named(mined, capsys):
    mined.write(DELIVERIES, with_features(mined.read(DELIVERIES), lambda values: np.full(len(values), np.nan)))
    assert relabel(mined) == 0
    shown = capsys.readouterr().out
    assert "not named" in shown and "leave" not in shown and "sure of what" not in shown
    assert "note: no rule votes on any of 60 deliveries, and no other voice speaks: nothing is named" in shown
    report = mined.report_file.read_text()
    assert "| not named | 60 | 0 |" in report and "| leave | 0 | 0 |" in report
    assert "nothing is named" in report and "sure of what" not in report
    assert pq.read_table(mined.voices_file).num_rows == 0
    assert not any(mined.read(LABELS)["is_kept"].to_pylist())


def test_one_class_and_one_delivery_are_said_in_plain_words(mined, capsys):
    deliveries = mined.read(DELIVERIES)
    random = np.random.default_rng(0)
    first = deliveries.take([7] * 60)
    alike = with_features(first, lambda values: values * random.normal(1.0, 0.001, len(values)))
    mined.write(DELIVERIES, alike.set_column(0, "delivery_id", deliveries["delivery_id"]))
    assert relabel(mined) == 0
    assert "note: one class only: all 60 deliveries that are named are called" in capsys.readouterr().out
    assert "one class only" in mined.report_file.read_text()
    mined.write(DELIVERIES, deliveries.slice(7, 1))
    assert relabel(mined) == 0
    shown = capsys.readouterr().out
    assert "note: one delivery teaches a label model little" in shown and "1 deliveries" not in shown
    report = mined.report_file.read_text()
    assert "on 1 delivery" in report and "1 deliveries" not in report


def test_nothing_is_overwritten_where_labelling_ends_with_an_error(mined, tmp_path, capsys):
    assert relabel(mined) == 0
    deliveries = mined.read(DELIVERIES)
    gold = tmp_path / "gold.csv"
    rows = [f"{name},,no_stroke" for name in deliveries["delivery_id"].to_pylist()]
    gold.write_text("\n".join(["delivery_id,label,kind", *rows]) + "\n")
    nowhere = deliveries.set_column(1, "video_id", [["nowhere"] * 60])
    for table, words, sentence in (
        (deliveries.slice(0, 0), (), "holds no delivery to label"),
        (nowhere, (), "lacks the video 'nowhere' of a delivery"),
        (deliveries, (f"gold={gold}",), "a person says of every delivery that it is none"),
    ):
        mined.write(DELIVERIES, table)
        before = files_of(mined)
        capsys.readouterr()
        assert relabel(mined, *words) == 1
        said = capsys.readouterr().err
        assert sentence in said and said.count("\n") == 1
        assert files_of(mined) == before


def test_company_without_a_video_is_one_sentence_before_anything_is_written(mined, other, capsys):
    other.write(FOOTAGE, other.read(FOOTAGE).slice(1))
    assert relabel(mined, f"company=[{other.path}]") == 1
    said = capsys.readouterr().err
    assert f"the footage table of {other.path} lacks the video 'v' of a delivery: mine" in said
    assert said.count("\n") == 1 and not mined.has(LABELS)
    assert relabel(mined, f"company=[{other.path}]", "student.use=false") == 0


def test_company_that_was_mined_otherwise_is_said_once(mined, other, capsys):
    for folder, pose, fps in ((mined, "Compact", 30.0), (other, "MoveNet", 10.0)):
        said = {
            "pose": {"_target_": f"slowpaths.pose.x.{pose}", "device": pose},
            "mining": {"work_fps": fps, "clip_px": fps},
        }
        write_json(folder.configuration_file, said)
    assert relabel(mined, f"company=[{other.path}]") == 0
    sentence = (
        f"company={other.path} was mined with pose=movenet (here compact), mining.work_fps=10.0 (here 30.0): "
        "its features may be other than those of this folder."
    )
    assert f"note: {sentence}" in capsys.readouterr().out
    assert mined.report_file.read_text().count("was mined with") == 1
    write_json(other.configuration_file, json.loads(mined.configuration_file.read_text()))
    assert relabel(mined, f"company=[{other.path}]") == 0
    assert "was mined with" not in capsys.readouterr().out
    codec = other.read(FOOTAGE).column_names.index("codec")
    other.write(FOOTAGE, other.read(FOOTAGE).set_column(codec, "codec", [["poses"] * 4]))
    assert relabel(mined, f"company=[{other.path}]") == 0
    assert "was mined with" not in capsys.readouterr().out  # an archive asked for no pose
