"""The sequence student: what it sees, what it learns, and that it never answers for what it was taught."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.records import Box, Delivery, PoseTrack
from slowpaths.core.skeleton import mirror
from slowpaths.core.spans import Span
from slowpaths.models import student
from slowpaths.models.student import cross_fit, sequence_of
from slowpaths.models.student_settings import StudentSettings

QUICK = StudentSettings(min_deliveries=8, folds=2, repeats=1, epochs=6, batch_size=16)


def track(*, shift=0.0, num_frames=20):
    random = np.random.default_rng(0)
    body = random.uniform(0, 100, size=(17, 2))
    keypoints = np.dstack([np.tile(body, (num_frames, 1, 1)) + shift, np.full((num_frames, 17), 0.9)])
    keypoints[..., 0] += np.arange(num_frames)[:, None]
    boxes = np.tile([shift, shift, shift + 100, shift + 100], (num_frames, 1)).astype(float)
    return PoseTrack(
        video_id="v", shot_id="v-s0", track_id=0, frames_T=np.arange(num_frames), pts_s=np.arange(num_frames) / 25,
        keypoints_TJC=keypoints, boxes_T4=boxes, camera_T3=np.zeros((num_frames, 3)),
    )  # fmt: skip


def delivery(*, right_p=0.9):
    return Delivery(
        delivery_id="v-d0", video_id="v", shot_id="v-s0", span=Span(0.0, 0.8), impact_s=0.4, impact_uncertainty_s=0.04,
        view="pitch_endon", handedness_p=right_p, box=Box(x1=0, y1=0, x2=100, y2=100), event_p=1.0, features={},
    )  # fmt: skip


def test_a_sequence_holds_no_place_no_size_and_no_hand():
    plain = sequence_of(delivery(), [track()])
    assert plain.shape == (20, 30)
    moved = sequence_of(delivery(), [track(shift=500.0)])
    assert moved == pytest.approx(plain, abs=1e-4)
    large = track()
    large.keypoints_TJC[..., :2] *= 3
    assert sequence_of(delivery(), [large]) == pytest.approx(plain, abs=1e-4)
    left = track()
    left = replace(left, keypoints_TJC=mirror(left.keypoints_TJC, width=640.0))
    assert sequence_of(delivery(right_p=0.1), [left]) == pytest.approx(plain, abs=1e-4)


def test_the_track_at_the_box_counts_and_a_batter_unseen_gives_none():
    near, far = track(), track(shift=900.0)
    far.keypoints_TJC[..., 0] *= -1
    assert sequence_of(delivery(), [far, near]) == pytest.approx(sequence_of(delivery(), [near]))
    assert sequence_of(delivery(), []) is None
    hidden = track()
    hidden.keypoints_TJC[4:, :, 2] = 0.0
    assert sequence_of(delivery(), [hidden]) is None


def test_mirrored_twice_is_as_before_and_swaps_left_and_right():
    plain = sequence_of(delivery(), [track()])
    assert student._mirrored(student._mirrored(plain)) == pytest.approx(plain)
    wrists = [2 * place for place in (5, 6)]
    assert student._mirrored(plain)[:, wrists[0]] == pytest.approx(-plain[:, wrists[1]])


def two_kinds(num):
    """Return sequences of two kinds: hands go up, or hands stay."""
    random = np.random.default_rng(1)
    kinds = np.arange(num) % 2
    sequences = []
    for kind in kinds:
        one = 0.05 * random.normal(size=(15, 30)).astype(np.float32)
        one[:, 11] += kind * np.linspace(0, 2, 15)
        one[:, 13] += kind * np.linspace(0, 2, 15)
        sequences.append(one)
    return sequences, kinds


def test_it_corrects_opinions_that_are_wrong_now_and_then_and_does_the_same_again():
    sequences, kinds = two_kinds(64)
    wrong = np.random.default_rng(2).random(64) < 0.2
    believed = np.where((kinds ^ wrong)[:, None] == np.arange(2), 0.8, 0.2)
    matches = [f"m{row // 2}" for row in range(64)]
    said = cross_fit([*sequences, None], [*matches, "m"], np.vstack([believed, [0.5, 0.5]]), settings=QUICK, seed=3)
    assert (said[:64].argmax(axis=1) == kinds).mean() > 0.95 > (believed.argmax(axis=1) == kinds).mean()
    assert np.isnan(said[64]).all()
    again = cross_fit([*sequences, None], [*matches, "m"], np.vstack([believed, [0.5, 0.5]]), settings=QUICK, seed=3)
    assert again == pytest.approx(said, nan_ok=True)


def test_no_delivery_is_answered_by_a_network_that_was_taught_on_its_match(monkeypatch):
    sequences, kinds = two_kinds(32)
    for row, sequence in enumerate(sequences):
        sequence[:, 29] = row
    matches = [f"m{row // 4}" for row in range(32)]
    taught = {}

    def teach(shown, targets_NC, settings, *, seed):
        taught["matches"] = {matches[int(one[0, 29])] for one in shown}
        return None

    def ask(network, shown):
        assert not taught["matches"] & {matches[int(one[0, 29])] for one in shown}
        return np.full((len(shown), 2), 0.5)

    monkeypatch.setattr(student, "_teach", teach)
    monkeypatch.setattr(student, "_ask", ask)
    said = cross_fit(sequences, matches, np.eye(2)[kinds], settings=replace(QUICK, folds=3, repeats=2))
    assert said == pytest.approx(np.full((32, 2), 0.5))


@pytest.mark.parametrize(("num", "num_matches"), [(7, 7), (30, 1)])
def test_too_little_teaches_nothing(num, num_matches):
    sequences, kinds = two_kinds(num)
    said = cross_fit(sequences, [f"m{row % num_matches}" for row in range(num)], np.eye(2)[kinds], settings=QUICK)
    assert np.isnan(said).all()


@pytest.mark.parametrize(
    "wrong", [{"folds": 1}, {"epochs": 0}, {"repeats": 0}, {"lr": 0.0}, {"dropout": 1.0}, {"sharpness": float("nan")}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=r"student\."):
        StudentSettings(**wrong)
