"""Views named by the classifier: of made weights, where the right answer is known, and of the shipped ones."""

import numpy as np
import pytest

from slowpaths.core.views import VIEWS
from slowpaths.mining.shots.view_classifier import Look, ViewClassifier, load_view_classifier
from slowpaths.mining.shots.view_cues import measure_frame
from slowpaths.video.picture_features import NUM_FEATURES, picture_features

PITCH, FIELD = VIEWS.index("pitch_endon"), VIEWS.index("field")


def look(*features: float) -> Look:
    cues = measure_frame(np.full((36, 64, 3), 90, np.uint8), np.zeros((0, 4)))
    return Look(cues=cues, features_E=np.array(features, dtype=np.float32))


def classifier(follows: float = 0.0) -> ViewClassifier:
    """The first feature speaks for the pitch, the second for the field; a field follows a pitch by `follows`."""
    weights_EV, follows_VV = np.zeros((2, len(VIEWS))), np.zeros((len(VIEWS),) * 2)
    weights_EV[0, PITCH] = weights_EV[1, FIELD] = 1.0
    follows_VV[PITCH, FIELD] = follows
    return ViewClassifier(
        feature_weights_EV=weights_EV, cue_mean_Q=np.zeros(17), cue_std_Q=np.ones(17),
        cue_weights_QV=np.zeros((17, len(VIEWS))), bias_V=np.zeros(len(VIEWS)), follows_VV=follows_VV,
    )  # fmt: skip


def test_a_shot_is_what_its_frames_show_together():
    probs_ZV = classifier().shots([[look(3.0, 0.0), look(3.0, 0.0), look(0.0, 4.0)], [look(0.0, 5.0)]])
    assert probs_ZV.argmax(axis=1).tolist() == [PITCH, FIELD]
    assert probs_ZV.sum(axis=1) == pytest.approx(1.0)
    assert classifier().shots([]).shape == (0, len(VIEWS))


def test_neighbours_tip_a_doubtful_shot_both_ways():
    doubtful = [[look(5.0, 0.0)], [look(1.0, 1.0)]]
    alone, beside = (classifier(follows).shots(doubtful) for follows in (0.0, 2.0))
    assert alone[1, FIELD] == pytest.approx(alone[1, PITCH]) and beside[1, FIELD] > 2 * beside[1, PITCH]
    before = classifier(2.0).shots([[look(1.0, 1.0)], [look(0.0, 5.0)]])
    assert before[0, PITCH] > 2 * before[0, FIELD]


def test_features_of_pictures_of_any_size_are_alike():
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 255, (7, 7, 3)), np.ones((64, 64, 1))).astype(np.uint8)
    whole, half, other = picture_features([picture, picture[::2, ::2], 255 - picture])
    assert whole.shape == (NUM_FEATURES,) and picture_features([]).shape == (0, NUM_FEATURES)
    assert np.linalg.norm(whole - half) < 0.5 * np.linalg.norm(whole - other)


def test_the_shipped_classifier_calls_nothing_that_it_does_not_see_cricket():
    black, noise = np.zeros((90, 160, 3), np.uint8), np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    for picture in (black, noise):
        (features_E,) = picture_features([picture])
        one = Look(cues=measure_frame(picture, np.zeros((0, 4))), features_E=features_E)
        (probs_V,) = load_view_classifier().shots([[one]])
        assert VIEWS[int(probs_V.argmax())] not in ("pitch_endon", "pitch_side", "nets_endon", "nets_side")
