from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.errors import SlowpathsError, TableError, UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.labelling import opinions, pipeline
from slowpaths.labelling.model.trust import Ask, Trust
from slowpaths.labelling.pipeline import LabelSet, label
from slowpaths.labelling.render import TOO_SURE, TOO_SURE_OF_POOR, TOO_SURE_ON_REAL, sureness, to_markdown
from slowpaths.labelling.rules.votes import VoteMatrix
from slowpaths.labelling.summary import find_warnings
from slowpaths.labelling.teacher import load_teacher
from slowpaths.store.schema import LABELS, VOTES
from tests.labelling.tables import deliveries_table, footage_table, random_deliveries

FOOTAGE = footage_table({"v": "m1", "w": "m1", "x": "m2", "y": "m2", "unused": "m3"})


def run(num: int = 80, **arguments: Any) -> LabelSet:
    return label(random_deliveries(num), FOOTAGE, **arguments)


@pytest.mark.parametrize("model", ["hierarchical", "dawid_skene", "naive_bayes", "majority"])
def test_every_delivery_gets_one_label(model: str) -> None:
    found = run(model=model)
    assert found.labels.schema.equals(LABELS.schema.remove_metadata())
    assert found.votes.schema.equals(VOTES.schema.remove_metadata())
    deliveries = random_deliveries(80)
    for name in ("delivery_id", "video_id", "start_s", "end_s", "impact_s", "event_p"):
        assert found.labels[name].to_pylist() == deliveries[name].to_pylist()
    probs = np.stack([found.labels[f"prob_{stroke}"].to_numpy() for stroke in STROKES], axis=1)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0)
    assert [STROKES[index] for index in probs.argmax(axis=1)] == found.labels["label"].to_pylist()
    np.testing.assert_array_equal(found.labels["confidence"].to_numpy(), probs.max(axis=1))
    assert set(found.labels["source"].to_pylist()) == {"weak"}
    assert set(found.labels["votes_fingerprint"].to_pylist()) == {found.fingerprint}
    row = found.labels.slice(3, 1).to_pylist()[0]
    assert row["video"] == f"{row['video_id']}.mp4"
    assert row["match_id"] == {"v": "m1", "w": "m1", "x": "m2", "y": "m2"}[row["video_id"]]
    assert found.summary.model == model


def test_the_same_input_gives_the_same_tables() -> None:
    first, second = run(), run()
    assert first.labels.equals(second.labels) and first.votes.equals(second.votes)
    assert first.fingerprint == second.fingerprint
    assert to_markdown(first.summary) == to_markdown(second.summary)


def test_a_label_model_whose_code_was_edited_makes_another_set(monkeypatch) -> None:
    before = run().fingerprint
    monkeypatch.setattr(pipeline, "code_digest", lambda module: f"{module} edited")
    assert run().fingerprint != before


def test_the_fingerprint_follows_everything_that_decides_a_label() -> None:
    gold = {"v-d00000003": "cut"}
    others = [
        run(),
        run(model="majority"),
        run(model={"name": "hierarchical", "strength": 11.0}),
        run(rules={"exclude": ["sound"]}),
        run(selection={"keep_share": 0.5}),
        run(gold=gold),
        run(seed=1),
        run(70),  # other deliveries, so other thresholds
    ]
    others += [run(teacher=load_teacher()), run(teacher=load_teacher(), with_votes=False)]
    assert len({found.fingerprint for found in others}) == len(others)


def test_the_company_has_a_say_in_how_far_the_teacher_counts(monkeypatch) -> None:
    counted = []

    def trust(votes: VoteMatrix, ask: Ask, *, side_N: np.ndarray) -> Trust:
        counted.append(len(ask(np.arange(len(votes)), frozenset())))
        assert len(side_N) == len(votes)
        return Trust(weight=0.25)

    monkeypatch.setattr(opinions, "trust", trust)
    found = run(20, teacher=load_teacher(), company=[random_deliveries(100)])
    assert counted == [100], "twenty of them stand in both folders"
    assert found.summary.voices[1].weight == 0.25
    assert found.labels.num_rows == 20


def test_gold_is_kept_and_called_gold() -> None:
    gold = {"v-d00000003": "cut", "v-d00000005": "sweep"}
    found = run(gold=gold)
    rows = {row["delivery_id"]: row for row in found.labels.to_pylist()}
    assert rows["v-d00000003"]["label"] == "cut" and rows["v-d00000005"]["prob_sweep"] == 1.0
    assert all(rows[name]["source"] == "gold" and rows[name]["is_kept"] for name in ("v-d00000003", "v-d00000005"))
    assert found.summary.num_gold == 2


def test_selection_never_keeps_what_nobody_voted_on() -> None:
    found = run()
    kept = found.labels["is_kept"].to_numpy(zero_copy_only=False)
    assert 0 < kept.sum() < 80
    assert found.matrix.has_votes[kept].all()
    assert (found.labels["event_p"].to_numpy()[kept] >= 0.5).all()
    everything = run(selection={"enabled": False})
    assert everything.labels["is_kept"].to_pylist() == found.matrix.has_votes.tolist()


def test_copies_are_kept_once() -> None:
    table = random_deliveries(60)
    twice = pa.concat_tables([table, table])
    ids = pa.array([f"d{index}" for index in range(120)])
    twice = twice.set_column(0, "delivery_id", ids)
    settings = {"keep_share": 1.0}
    kept = label(twice, FOOTAGE, selection=settings).labels["is_kept"].to_numpy(zero_copy_only=False)
    assert not (kept[:60] & kept[60:]).any() and kept.any()


def test_merging_families_is_an_option() -> None:
    found = run(model={"name": "hierarchical", "merge_families": True})
    assert found.fingerprint != run().fingerprint
    assert set(found.labels["source"].to_pylist()) == {"weak"}


def test_the_summary_is_plain_and_readable() -> None:
    found = run(150)
    json.dumps(found.rules)
    text = to_markdown(found.summary)
    for line in ("## Labels", "### Rules", "### Leave one family out", "### Strokes", "### Thresholds found"):
        assert line in text
    assert "| foot.stride |" in text and "| cover_drive |" in text and "| stride_front | pitch_endon |" in text
    assert "Before flattening the label model is" in text and "no estimate of how many are right" in text
    assert sum(found.summary.labels.values()) + found.summary.num_unnamed == 150
    assert sum(found.summary.kept.values()) + sum(found.summary.left_out.values()) == 150
    assert [rule.code for rule in found.summary.rules] == list(found.rules)


def test_how_sure_the_label_model_is_is_said_with_how_wrong_that_was() -> None:
    """The errors are those of the committed tables; majority vote has no confidence to speak of."""
    summary = run(150).summary
    assert summary.own_confidence is not None and f"{summary.own_confidence:.0%} sure" in sureness(summary)
    assert sureness(replace(summary, own_confidence=None)) == ""
    assert "by 1 to 8 points" in (said := sureness(replace(summary, own_confidence=0.11))) and "by 47" not in said
    results = Path(__file__).parents[2] / "experiments" / "label_free" / "results"
    with (results / "labels.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["says"] == "confidence"]
    points = {row["rules_right"]: round(100 * (float(row["said"]) - float(row["right"]))) for row in rows}
    poor = points.pop("0.5")
    assert (min(points.values()), max(points.values())) == TOO_SURE and poor == TOO_SURE_OF_POOR
    with (results / "real.csv").open(newline="") as stream:
        real = {row["says"]: float(row["said"]) - float(row["right"]) for row in csv.DictReader(stream)}
    assert round(100 * real["confidence"]) == TOO_SURE_ON_REAL


def test_what_makes_labels_doubtful_is_said() -> None:
    votes = run(30).matrix
    silent = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, -1))
    several, one, nobody = {"cut": 20, "sweep": 10, "leave": 0}, {"cut": 30, "sweep": 0}, {"cut": 0}
    assert find_warnings(votes, labels=several, num_fitted=200, sureness=0.5) == []
    assert find_warnings(votes, labels=several, num_fitted=200, sureness=None) == []
    mostly = replace(silent, symbols_NR=np.where(np.arange(30)[:, None] < 3, votes.symbols_NR, -1))
    for (matrix, labels, num_fitted, sure), said in (
        ((mostly, several, 500, 0.9), "no rule speaks on 27 of 30 deliveries: look at the quality features of the"),
        ((silent, several, 500, 0.9), "no rule votes on any of 30 deliveries, other voices alone name them; look at"),
        ((silent, nobody, 500, 0.9), "no rule votes on any of 30 deliveries, and no other voice speaks: nothing is"),
        ((votes, one, 500, 0.9), "one class only: all 30 deliveries that are named are called cut;"),
        ((votes, several, 1, 0.9), "one delivery teaches a label model little of its rules (200 do): name more"),
        (
            (votes, several, 199, 0.9),
            "199 deliveries teach a label model little of its rules (200 do): name more mined folders",
        ),
        (
            (votes, several, 500, 0.25),
            "families of rules bear out little of what is named without them: trust the labels little",
        ),
    ):
        (warning,) = find_warnings(matrix, labels=labels, num_fitted=num_fitted, sureness=sure)
        assert warning.startswith(said)


def test_a_silent_delivery_has_the_prior_and_is_never_kept() -> None:
    table = random_deliveries(80)
    lost = table.set_column(table.schema.get_field_index("view"), "view", [["crowd"] * 3 + ["pitch_endon"] * 77])
    for model in ("hierarchical", "dawid_skene", "naive_bayes", "majority"):
        found = label(lost, FOOTAGE, model=model)
        probs = np.stack([found.labels[f"prob_{stroke}"].to_numpy() for stroke in STROKES], axis=1)
        np.testing.assert_allclose(probs[:3], np.broadcast_to(probs[0], (3, 14)))
        assert probs[0].max() <= probs[3:].max(axis=1).mean()
        assert not any(found.labels["is_kept"].to_pylist()[:3])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "hierarchicl"}, UsageError, "unknown label model 'hierarchicl'.*hierarchical"),
        ({"model": {"name": "majority", "strength": 3}}, UsageError, "label_model majority has no setting 'strength'"),
        ({"rules": {"include": ["foot.strides"]}}, UsageError, "unknown rule 'foot.strides'.*foot.stride"),
        ({"rules": {"includes": []}}, UsageError, "rules has no setting 'includes'.*include"),
        ({"selection": {"keep": 0.5}}, UsageError, "selection has no setting 'keep'"),
        ({"gold": {"v-d00000001": "cutt"}}, UsageError, "gold gives v-d00000001 the label 'cutt'; choose: cut"),
        ({"gold": {"d": "cut"}}, UsageError, "gold names the delivery 'd', which is not among those to label"),
    ],
)
def test_bad_input_is_one_clear_sentence(arguments: dict[str, Any], error: type[SlowpathsError], message: str) -> None:
    with pytest.raises(error, match=message):
        run(20, **arguments)


def test_nothing_to_label_and_footage_that_does_not_match() -> None:
    with pytest.raises(TableError, match="no delivery to label"):
        label(deliveries_table(0), FOOTAGE)
    with pytest.raises(TableError, match="lacks the video 'w'"):
        label(random_deliveries(30), footage_table({"v": "m", "x": "m", "y": "m"}))


def test_one_delivery_is_enough() -> None:
    found = label(deliveries_table(1, {"stride_front": 2.0, "stride_back": 0.0}), footage_table())
    assert found.votes.to_pylist()[0]["rule"] == "foot.stride"
    assert found.labels.num_rows == 1 and to_markdown(found.summary)


def test_the_temperature_is_found_or_given() -> None:
    found = run(model={"name": "hierarchical", "temperature": "auto"})
    assert found.fingerprint == run().fingerprint
    sharp, flat = (run(model={"name": "hierarchical", "temperature": value}) for value in (1.0, 4.0))
    assert flat.summary.temperature == 4.0
    assert flat.labels["label"].equals(sharp.labels["label"]) and found.labels["label"].equals(sharp.labels["label"])
    assert np.mean(flat.labels["confidence"].to_numpy()) < np.mean(sharp.labels["confidence"].to_numpy())


def test_a_ball_and_its_replay_get_one_label_and_gold_holds_for_both() -> None:
    deliveries = random_deliveries(80)
    ids, names = deliveries["delivery_id"].to_pylist(), [f"s{number}" for number in range(80)]
    deliveries = deliveries.set_column(deliveries.column_names.index("shot_id"), "shot_id", pa.array(names))
    shots = pa.table({"shot_id": names, "replay_of": [None, "s0", None, "s2", *[None] * 76]})
    other = "sweep" if run(80).labels["label"][2].as_py() != "sweep" else "cut"
    found = label(deliveries, FOOTAGE, shots=shots, gold={ids[2]: other}).labels
    labels, sources = found["label"].to_pylist(), found["source"].to_pylist()
    assert labels[0] == labels[1] and found["confidence"][0] == found["confidence"][1]
    assert labels[2] == labels[3] == other
    assert sources[2:4] == ["gold", "weak"]
