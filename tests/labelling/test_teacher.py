"""The teacher of simulated strokes: what it says, when it is silent, and which files it is not."""

from dataclasses import asdict

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.strokes import NUM_STROKES
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
        median_F=np.zeros(4), spread_F=np.ones(4), first_weights_M=first, first_bias_M=np.zeros((2, 1)),
        second_weights_M=np.full((2, 1, 1), 2.0), second_bias_M=np.full((2, 1), -1.0),
        last_weights_M=np.array([[[1.0, 0.0]]] * 2), last_bias_M=np.array([[0.0, 0.0]] * 2),
    )  # fmt: skip
    # logits of the first class: 2 * 1 - 1 = 1 and 2 * 3 - 1 = 5, of the other 0; below zero both units are silent
    expected = 0.5 * (1 / (1 + np.exp(-1.0)) + 1 / (1 + np.exp(-5.0)))
    probs_NC = teacher(np.array([[1.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]]))
    assert probs_NC[:, 0] == pytest.approx([expected, 0.5])


def test_none_is_nobody_and_other_files_are_refused(tmp_path):
    assert load_teacher("none") is None
    (tmp_path / "no.npz").write_bytes(b"no archive")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    shipped = asdict(load_teacher())
    np.savez(tmp_path / "features.npz", **(shipped | {"first_weights_M": shipped["first_weights_M"][:, :-2]}))
    np.savez(tmp_path / "strokes.npz", **(shipped | {"last_bias_M": shipped["last_bias_M"][:, :-1]}))
    for name, words in (
        ("missing.npz", "cannot be read"), ("no.npz", "cannot be read"), ("other.npz", "cannot be read"),
        ("features.npz", "features"), ("strokes.npz", "taxonomy"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            load_teacher(str(tmp_path / name))
