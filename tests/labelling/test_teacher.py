"""The teacher of simulated strokes: what it says, when it is silent, and which files it is not."""

import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.labelling.teacher import FEATURES_READ, FEWEST_KNOWN, StrokeTeacher, load_teacher


def test_it_gives_probabilities_and_is_silent_where_too_little_is_known():
    teacher = load_teacher()
    features_NF = np.tile(teacher.median_F, (3, 1))
    features_NF[1, FEWEST_KNOWN - 1 :] = np.nan
    features_NF[2, FEWEST_KNOWN:] = np.nan
    probs_NC = teacher(features_NF)
    assert probs_NC.shape == (3, NUM_STROKES)
    assert np.isnan(probs_NC[1]).all()
    assert probs_NC[[0, 2]].sum(axis=1) == pytest.approx(1.0)
    assert (probs_NC[[0, 2]] > 0).all()


def test_it_reads_features_that_are_measured():
    assert set(FEATURES_READ) <= set(FEATURE_NAMES)


def test_an_outlier_counts_no_more_than_what_is_far():
    teacher = load_teacher()
    far, farther = (teacher.median_F + factor * teacher.spread_F for factor in (4.0, 400.0))
    assert teacher(far[None]) == pytest.approx(teacher(farther[None]))


def test_the_layers_are_applied_as_written():
    first = np.zeros((2, 8, 1))
    first[:, 0] = [[1.0], [3.0]]  # of two members, each reads the first feature
    teacher = StrokeTeacher(
        features_F=np.array(list("abcd")), strokes_C=np.array(list("yz")), temperature=np.array(1.0),
        median_F=np.zeros(4), spread_F=np.ones(4), first_weights_M=first, first_bias_M=np.zeros((2, 1)),
        second_weights_M=np.full((2, 1, 1), 2.0), second_bias_M=np.full((2, 1), -1.0),
        last_weights_M=np.array([[[1.0, 0.0]]] * 2), last_bias_M=np.array([[0.0, 0.0]] * 2),
    )  # fmt: skip
    # logits of the first class: 2 * 1 - 1 = 1 and 2 * 3 - 1 = 5, of the other 0; below zero both units are silent
    expected = 0.5 * (1 / (1 + np.exp(-1.0)) + 1 / (1 + np.exp(-5.0)))
    probs_NC = teacher(np.array([[1.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]]))
    assert probs_NC[:, 0] == pytest.approx([expected, 0.5])


def test_its_temperature_flattens_what_it_said_and_not_what_it_says():
    teacher = replace(load_teacher(), temperature=np.array(2.0))
    said_NC = teacher(teacher.median_F[None])
    assert said_NC == pytest.approx(load_teacher()(teacher.median_F[None]))
    flat_NC = teacher.calibrated(np.vstack([said_NC, np.full(NUM_STROKES, np.nan)]))
    assert flat_NC[0] == pytest.approx(np.sqrt(said_NC[0]) / np.sqrt(said_NC[0]).sum())
    assert np.isnan(flat_NC[1]).all()


def test_none_is_nobody_and_files_that_are_no_teacher_are_refused(tmp_path):
    assert load_teacher("none") is None
    (tmp_path / "no.npz").write_bytes(b"no archive")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    for name in ("missing.npz", "no.npz", "other.npz"):
        with pytest.raises(UsageError, match="cannot be read"):
            load_teacher(str(tmp_path / name))


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ({"features_F": np.array(FEATURES_READ)[::-1]}, "other features (number 1 is bat_up_after, here"),
        ({"features_F": np.array(FEATURES_READ[1:])}, "other features (20, here 21)"),
        ({"strokes_C": np.array(STROKES)[::-1]}, f"another taxonomy of strokes (number 1 is {STROKES[-1]}, here"),
        ({"median_F": np.zeros(20)}, "a median_F of shape (20,) where the others ask for (21,)"),
        ({"second_weights_M": np.zeros((6, 63, 32))}, "a second_weights_M of shape (6, 63, 32)"),
        ({"last_bias_M": np.zeros((6, 13))}, "a last_bias_M of shape (6, 13)"),
        ({"first_weights_M": np.zeros(5)}, "no stacks of matrices"),
        ({"second_bias_M": np.full((6, 32), "x")}, "no numbers in second_bias_M"),
        ({"first_bias_M": np.full((6, 64), np.nan)}, "values in first_bias_M that cannot be"),
        ({"spread_F": np.zeros(21)}, "values in spread_F that cannot be"),
        ({"temperature": np.array(-1.0)}, "values in temperature that cannot be"),
    ],
)  # fmt: skip
def test_a_teacher_that_cannot_be_used_here_is_one_sentence_that_names_what_differs(tmp_path, spoilt, words):
    np.savez(tmp_path / "spoilt.npz", **(asdict(load_teacher()) | spoilt))
    with pytest.raises(UsageError, match=re.escape(words)) as caught:
        load_teacher(str(tmp_path / "spoilt.npz"))
    assert "make one with scripts/stroke_teacher/train.py" in str(caught.value)
