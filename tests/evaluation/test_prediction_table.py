from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.evaluation.tables import prediction_table, write_csv

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.strokes import INDEX, NUM_STROKES, STROKES
from slowpaths.evaluation.classes import class_space
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import choose_split, read_predictions, with_split_of
from slowpaths.evaluation.truth_table import TrueDelivery, Truth
from slowpaths.store.schema import PREDICTIONS, PRIOR_KEY
from slowpaths.store.tables import join_tables, said_of, write_table


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    write_table(path, prediction_table(rows), PREDICTIONS)
    return path


def test_views_of_one_delivery_are_averaged(tmp_path: Path) -> None:
    one, two = np.eye(NUM_STROKES)[[0, 1]]
    rows = [
        {"video": "a.mp4", "impact_s": 1.0, "delivery_id": "x", "probs": one, "view_index": 0},
        {"video": "b.mp4", "impact_s": 2.0, "delivery_id": "y", "probs": two},
        {"video": "a.mp4", "impact_s": 1.0, "delivery_id": "x", "probs": two, "view_index": 1},
    ]
    predictions = read_predictions(_write(tmp_path / "p.parquet", rows))
    assert predictions.video.tolist() == ["a.mp4", "b.mp4"]
    np.testing.assert_allclose(predictions.probs_NC[0, :2], [0.5, 0.5])


def test_the_shares_that_probabilities_assume_are_stated_or_those_of_training_rows(tmp_path: Path) -> None:
    probs = np.full(NUM_STROKES, 0.5 / (NUM_STROKES - 1))
    probs[0] = 0.5
    rows = [
        {"video": "a.mp4", "impact_s": 1.0, "probs": probs, "split": "train"},
        {"video": "a.mp4", "impact_s": 9.0, "probs": np.eye(NUM_STROKES)[3], "split": "test"},
    ]
    unsaid = read_predictions(_write(tmp_path / "unsaid.parquet", rows))
    np.testing.assert_allclose(unsaid.prior_C, probs)
    assert unsaid.take(np.array([1])).prior_C is None
    even = np.full(NUM_STROKES, 1 / NUM_STROKES)
    write_table(tmp_path / "said.parquet", prediction_table(rows), PREDICTIONS, said=said_of(even))
    said = read_predictions(tmp_path / "said.parquet")
    np.testing.assert_allclose(said.prior_C, even)
    np.testing.assert_allclose(said.take(np.array([1])).prior_C, even)
    join_tables(tmp_path / "both.parquet", [tmp_path / "said.parquet"] * 2, PREDICTIONS, said=said_of(even))
    np.testing.assert_allclose(read_predictions(tmp_path / "both.parquet").prior_C, even)
    for wrong in ([0.5, 0.5], [1.0] * 13 + [float("nan")], [1.0] * 13 + [-1.0], "none"):
        stated = {PRIOR_KEY: json.dumps(wrong).encode()}
        write_table(tmp_path / "wrong.parquet", prediction_table(rows), PREDICTIONS, said=stated)
        with pytest.raises(TableError, match=r"wrong\.parquet states a prior that is no share of 14 strokes"):
            read_predictions(tmp_path / "wrong.parquet")


def test_a_foreign_table_needs_only_video_time_and_label(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "p.csv",
        [{"video": "a.mp4", "impact_s": 1, "label": "cut", "confidence": 0.87}, {"video": "a.mp4", "impact_s": 9,
          "label": "sweep", "confidence": ""}],
    )  # fmt: skip
    predictions = read_predictions(path)
    assert not predictions.has_probabilities and not predictions.has_split
    assert predictions.probs_NC[0, INDEX["cut"]] == 0.87
    np.testing.assert_allclose(predictions.probs_NC.sum(axis=1), 1)
    assert predictions.probs_NC[0, INDEX["leave"]] == pytest.approx(0.01)
    np.testing.assert_array_equal(predictions.event_p, [1, 1])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"impact_s": 1, "label": "cut"}, "no column 'video'"),
        ({"video": "a", "label": "cut"}, "no column 'start_s'"),
        ({"video": "a", "impact_s": 1}, "no column 'label'"),
        (
            {"video": "a", "start_s": -0.5, "end_s": 1, "label": "cut"},
            "line 2, column start_s: -0.5 lies before the video begins: give seconds from its first picture on",
        ),
        ({"video": "a", "impact_s": -1, "label": "cut"}, "column impact_s: -1 lies before the video begins"),
        ({"video": "a", "impact_s": 1, "label": "nan"}, "line 2, column label: is empty: give a stroke"),
        ({"video": "a", "impact_s": 1, "label": "cutt"}, "line 2, column label: 'cutt' is not a stroke; nearest: cut"),
        ({"video": "a", "impact_s": 1, "label": "cut", "confidence": 2}, "column confidence: 2 is not between 0 and 1"),
        (
            {"video": "a", "start_s": 12, "end_s": 10.5, "label": "cut"},
            "line 2, column end_s: the stroke ends before it starts (12 to 10.5 s); swap the two",
        ),
        ({"video": "a", "impact_s": 1, "label": "cut", "event_p": 70}, "column event_p: 70 is not between 0 and 1"),
        ({"video": "a", "impact_s": 1, "label": "cut", "event_p": -0.1}, "column event_p: -0.1 is not between 0 and 1"),
        ({"video": "a", "impact_s": "", "label": "cut"}, "line 2, column impact_s: is empty"),
        ({"video": "a", "impact_s": 1, "prob_cut": 1}, "no column 'prob_leave'"),
        (
            {"video": "a", "impact_s": 1, **{f"prob_{stroke}": 0.5 for stroke in STROKES}},
            "line 2, column prob_leave: the row sums to 7.000, not 1",
        ),
        (
            {"video": "a", "impact_s": 1, **{f"prob_{s}": -0.5 if s == "cut" else 1.5 / 13 for s in STROKES}},
            "line 2, column prob_cut: is empty or negative",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, row: dict[str, object], message: str) -> None:
    with pytest.raises(TableError, match=re.escape(message)):
        read_predictions(write_csv(tmp_path / "p.csv", [row]))


def test_one_of_several_models_must_be_chosen(tmp_path: Path) -> None:
    rows = [{"video": "a", "impact_s": 1.0, "label": "cut", "model_id": name, "delivery_id": "x"} for name in "mn"]
    path = _write(tmp_path / "p.parquet", rows)
    with pytest.raises(UsageError, match="holds 2 models; choose one with model_id="):
        read_predictions(path)
    assert len(read_predictions(path, model_id="n")) == 1
    with pytest.raises(UsageError, match="has no model 'o'"):
        read_predictions(path, model_id="o")


@pytest.mark.parametrize(
    ("splits", "wanted", "kept", "note"),
    [
        (["train", "val", "test"], "auto", ["test"], "Evaluated on split test; left out: 1 of val, 1 of train."),
        (["train", "val"], "auto", ["val"], "Evaluated on split val; left out: 1 of train."),
        (["", "train"], "auto", [""], "Evaluated on split none; left out: 1 of train."),
        (["", ""], "auto", ["", ""], "The predictions name no split"),
        (["train"], "auto", ["train"], "These are training rows"),
        (["train", "test"], "train", ["train"], "These are training rows"),
        (["train", "test"], "all", ["train", "test"], "All splits are evaluated together."),
    ],
)
def test_the_headline_uses_held_out_rows(
    tmp_path: Path, splits: list[str], wanted: str, kept: list[str], note: str
) -> None:
    rows = [{"video": "a", "impact_s": float(i), "label": "cut", "split": s} for i, s in enumerate(splits)]
    chosen, sentence = choose_split(read_predictions(_write(tmp_path / "p.parquet", rows)), wanted)
    assert chosen.split.tolist() == kept
    assert sentence.startswith(note)


@pytest.mark.parametrize(
    ("word", "nearest"), [("Test", "test"), ("validation", "test, val, train"), ("training", "train")]
)
def test_a_split_by_another_word_is_named(word: str, nearest: str) -> None:
    columns = {"video": ["a"] * 3, "impact_s": [1.0, 9.0, 20.0], "label": ["cut"] * 3, "split": ["train", "none", word]}
    message = f"row 3, column split: '{word}' is not a split; nearest: {nearest}"
    with pytest.raises(TableError, match=re.escape(message)):
        read_predictions(pa.table(columns))


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    path = _write(tmp_path / "p.parquet", [{"video": "a", "impact_s": 1.0, "label": "cut", "split": "train"}])
    with pytest.raises(UsageError, match="no rows of split 'test'"):
        choose_split(read_predictions(path), "test")
    with pytest.raises(UsageError, match="unknown split 'dev'"):
        choose_split(read_predictions(path), "dev")


def probabilities(**shares: float) -> dict[str, float]:
    return {f"prob_{stroke}": shares.get(stroke, 0.0) for stroke in STROKES}


def test_a_label_that_contradicts_its_probabilities_is_named(tmp_path: Path) -> None:
    row = {"video": "a", "impact_s": 1, "label": "cut", **probabilities(cut=0.4, sweep=0.6)}
    right = {**row, "label": "sweep"}
    with pytest.raises(TableError, match=r"line 3, column label: 'cut' is not the most probable stroke, sweep is"):
        read_predictions(write_csv(tmp_path / "p.csv", [right, row]))
    even = {**row, **probabilities(cut=0.5, sweep=0.5)}  # a tie leaves the word to the label
    assert read_predictions(write_csv(tmp_path / "p.csv", [even])).named.tolist() == [INDEX["cut"]]


def test_probabilities_with_two_decimals_are_accepted(tmp_path: Path) -> None:
    thirds = {f"prob_{stroke}": 0.07 for stroke in STROKES}  # sums to .98
    found = read_predictions(write_csv(tmp_path / "p.csv", [{"video": "a", "impact_s": 1, **thirds}]))
    assert found.probs_NC.sum() == pytest.approx(1) and found.largest_gap == pytest.approx(0.02)
    off = {**thirds, "prob_cut": 0.0}
    with pytest.raises(TableError, match=r"the row sums to 0\.910, not 1"):
        read_predictions(write_csv(tmp_path / "p.csv", [{"video": "a", "impact_s": 1, **off}]))


@pytest.mark.parametrize("taxonomy", ["slowpaths", "cricshot10", "gupta_balan_5"])
@pytest.mark.parametrize("confidence", [0.0, 0.05, 0.15, 1.0])
def test_a_named_stroke_stays_the_named_one(tmp_path: Path, taxonomy: str, confidence: float) -> None:
    rows = [{"video": "a.mp4", "impact_s": 9 * i, "label": s, "confidence": confidence} for i, s in enumerate(STROKES)]
    predictions = read_predictions(write_csv(tmp_path / "p.csv", rows))
    assert (predictions.probs_NC.max(axis=1) <= np.diagonal(predictions.probs_NC) + 1e-12).all()
    space = class_space(taxonomy)
    truth = Truth(name="t", taxonomy=taxonomy, deliveries=(true_ball("a.mp4", 500.0),))
    paired = pair(predictions, truth)
    called = [space.columns[index] for index in paired.called_U[paired.is_found]]
    assert all(stroke in space.leaves.get(name, (stroke,)) for stroke, name in zip(STROKES, called, strict=True))


def true_ball(video: str, impact_s: float) -> TrueDelivery:
    return TrueDelivery(place="1", video=video, start_s=np.nan, end_s=np.nan, impact_s=impact_s, label="")


def test_binary_columns_are_text(tmp_path: Path) -> None:
    table = pa.table({"video": pa.array([b"n01.mp4"], pa.binary()), "impact_s": [1.0], "label": [b"cut"]})
    pq.write_table(table, tmp_path / "p.parquet")
    assert read_predictions(tmp_path / "p.parquet").video.tolist() == ["n01.mp4"]
    assert read_predictions(table).named.tolist() == [INDEX["cut"]]


def test_labels_take_over_the_split_of_predictions() -> None:
    def table(names: list[str], **more: list[str]) -> pa.Table:
        times = {"impact_s": [float(ord(name)) for name in names], "confidence": [0.5] * len(names)}
        return pa.table(
            {"delivery_id": names, "video": ["v"] * len(names), "label": ["cut"] * len(names), **times, **more}
        )

    labels, model = read_predictions(table(["a", "b", "c"])), table(["c", "a"], split=["test", "train"])
    judged, _ = choose_split(with_split_of(labels, read_predictions(model)))
    assert judged.delivery_id.tolist() == ["c"]
    with pytest.raises(TableError, match="split_of= names a table with other deliveries"):
        with_split_of(labels, read_predictions(table(["d"], split=["test"])))


def test_a_table_without_ids_lends_no_split() -> None:
    columns = {"video": ["v", "v"], "impact_s": [1.0, 9.0], "label": ["cut", "cut"]}
    nameless, model = (read_predictions(pa.table(columns | more)) for more in ({}, {"split": ["train", "test"]}))
    with pytest.raises(TableError, match="split_of= names a table with other deliveries"):
        with_split_of(nameless, model)


def test_a_delivery_with_two_splits_lends_none() -> None:
    columns = {"video": ["v", "w"], "delivery_id": ["d", "d"], "impact_s": [1.0, 9.0], "label": ["cut", "cut"]}
    model = read_predictions(pa.table(columns | {"split": ["train", "test"]}))
    with pytest.raises(TableError, match="gives d two splits: give each delivery its own id"):
        with_split_of(read_predictions(pa.table(columns)), model)


def test_one_id_of_two_moments_is_named() -> None:
    columns = {"video": ["v"] * 3, "delivery_id": ["d", "e", "d"], "impact_s": [1.0, 2.0, 1.4], "label": ["cut"] * 3}
    assert len(read_predictions(pa.table(columns))) == 2  # views of one delivery
    message = "row 3, column delivery_id: d stands in row 1 for another moment"
    with pytest.raises(TableError, match=message):
        read_predictions(pa.table(columns | {"impact_s": [1.0, 2.0, 21.0]}))
    apart = read_predictions(pa.table(columns | {"impact_s": [1.0, 2.0, 21.0], "video": ["v", "v", "w"]}))
    assert len(apart) == 3
    models = columns | {"impact_s": [1.0, 2.0, 21.0], "model_id": ["m", "m", "n"]}
    assert len(read_predictions(pa.table(models), model_id="n")) == 1


@pytest.mark.parametrize("more", ["", "".join(f",prob_{stroke}" for stroke in STROKES)])
def test_a_probability_of_no_stroke_is_refused_and_not_passed_over(tmp_path: Path, more: str) -> None:
    row = "a.mp4,1.5,cut,.5,.5" + ",0" * len(STROKES) * bool(more)
    (tmp_path / "p.csv").write_text(f"video,impact_s,label,confidence,prob_cutt{more}\n{row}\n")
    with pytest.raises(TableError, match=r"p.csv: the column 'prob_cutt' is of no stroke; did you mean 'prob_cut'?"):
        read_predictions(tmp_path / "p.csv")


def test_labels_without_a_confidence_and_scores_below_any_stroke_are_counted() -> None:
    rows = [
        {"video": "a.mp4", "impact_s": float(number), "label": "cut", "confidence": sure}
        for number, sure in enumerate((None, 0.01, 0.05, 0.5))
    ]
    found = read_predictions(pa.Table.from_pylist(rows))
    assert (found.is_alone.tolist(), found.is_raised.tolist()) == ([True, *[False] * 3], [False, True, True, False])
    sure_N = found.probs_NC[:, INDEX["cut"]]
    assert (sure_N == found.probs_NC.max(axis=1)).all() and sure_N[1] < sure_N[2] < sure_N[3] == 0.5 < sure_N[0]
    assert sure_N[1:3] == pytest.approx(1 / NUM_STROKES, rel=1e-3)
