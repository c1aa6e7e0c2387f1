"""How true deliveries are lost and what is wrong with false claims, on one small clip after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.mined import delivery, shot
from tests.evaluation.tables import write_truth

from slowpaths.core.records import Delivery, PoseTrack, Shot, VideoRef
from slowpaths.evaluation.losses import LossCheck, check_losses
from slowpaths.evaluation.mining_check import check_mining, read_mined
from slowpaths.evaluation.shot_check import read_true_shots
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.store.mined_folder import MinedFolder

TRUE_SHOTS = "file,first_frame,last_frame,view\nv.mp4,0,99,pitch_endon\nv.mp4,100,199,field\nv.mp4,200,399,nets_side\n"
BOX = "video,impact_s,label,box_x1,box_y1,box_x2,box_y2"


def track(box: tuple[float, float, float, float], *, shot_id: str = "s") -> PoseTrack:
    frames_T = np.arange(0, 100)
    return PoseTrack(
        video_id="v",
        shot_id=shot_id,
        track_id=0,
        frames_T=frames_T,
        pts_s=frames_T / 25,
        keypoints_TJC=np.zeros((100, 17, 3)),
        boxes_T4=np.tile(np.array(box), (100, 1)),
        camera_T3=np.zeros((100, 3)),
    )


def losses(
    folder: Path,
    *,
    shots: list[Shot],
    claims: Sequence[Delivery] = (),
    truth: list[str],
    true_shots: str = TRUE_SHOTS,
    tracks: Sequence[PoseTrack] = (),
    columns: str = "video,impact_s,label",
) -> LossCheck:
    video = VideoRef(video_id="v", path="v.mp4", fps=Fraction(25), num_frames=400, width=640, height=360)
    other = replace(video, video_id="w", path="w.mp4")
    MinedFolder(folder).write_mined(footage=[video, other], shots=shots, deliveries=claims, poses=tracks)
    mined = read_mined(folder)
    true = read_truth(write_truth(folder / "t.csv", truth, columns), taxonomy="cricshot10")
    (folder / "shots.csv").write_text(true_shots)
    check = check_mining(mined, true, is_complete=True)
    return check_losses(mined, check, read_true_shots(mined, folder / "shots.csv") if true_shots else ())


GOOD = [shot("v", 0, 4, "pitch_endon"), shot("v", 4, 8, "field"), shot("v", 8, 16, "nets_side")]


@pytest.mark.parametrize(
    ("shots", "claims", "word"),
    [
        (GOOD, [2.1], "found"),
        (GOOD, [2.4], "late or early"),
        (GOOD, [3.5], "elsewhere in the shot"),
        (GOOD, [5.0], "evidence weak"),  # claimed in another shot
        (GOOD, [], "evidence weak"),
        ([shot("v", 0, 4, "other"), *GOOD[1:]], [], "view"),
        ([shot("v", 0, 4.2, "other"), *GOOD[1:]], [], "view"),  # five frames too long are no loss of a boundary
        ([shot("v", 0, 16, "field")], [], "boundary"),  # merged
        ([shot("v", 0, 1.5, "pitch_endon"), shot("v", 1.5, 2.2, "other"), shot("v", 2.2, 16, "field")], [], "boundary"),
        ([shot("v", 0, 16, "pitch_endon")], [], "evidence weak"),  # merged, but searched
    ],
)
def test_every_loss_has_one_cause(tmp_path: Path, shots: list[Shot], claims: list[float], word: str) -> None:
    made = losses(tmp_path, shots=shots, claims=[delivery("v", time_s) for time_s in claims], truth=["v.mp4,2.0,cover"])
    (outcome,) = made.outcomes
    assert (outcome.word, outcome.true_view) == (word, "pitch_endon")
    assert (outcome.claim is None) == (word in ("evidence weak", "view", "boundary"))


def test_another_claim_of_the_shot_is_no_wrong_moment_where_it_is_a_delivery_itself(tmp_path: Path) -> None:
    truth = ["v.mp4,1.0,cover", "v.mp4,3.0,cover"]
    made = losses(tmp_path, shots=GOOD, claims=[delivery("v", 1.0)], truth=truth)
    assert [outcome.word for outcome in made.outcomes] == ["found", "evidence weak"]


@pytest.mark.parametrize(
    ("box", "word"), [((0, 0, 10, 20), "found"), ((0, 0, 10, 90), "found"), ((8, 0, 18, 20), "wrong person")]
)
def test_somebody_else_at_contact_is_the_wrong_person(tmp_path: Path, box, word: str) -> None:
    truth = ["v.mp4,2.0,cover,0,0,10,20"]
    made = losses(tmp_path, shots=GOOD, claims=[delivery("v", 2.1)], truth=truth, tracks=[track(box)], columns=BOX)
    assert [outcome.word for outcome in made.outcomes] == [word]


def test_who_is_not_seen_at_contact_is_not_judged(tmp_path: Path) -> None:
    truth = ["v.mp4,12.0,cover,0,0,10,20"]
    claim = delivery("v", 12.1)
    for tracks in ([], [track((900, 0, 910, 20))], [track((900, 0, 910, 20), shot_id="other")]):
        made = losses(tmp_path, shots=GOOD, claims=[claim], truth=truth, tracks=tracks, columns=BOX)
        assert made.outcomes[0].word == "found" and np.isnan(made.outcomes[0].iou)


def test_a_stroke_before_the_first_frame_lies_in_the_first_shot(tmp_path: Path) -> None:
    late = [replace(GOOD[0], view="crowd", span=replace(GOOD[0].span, start_s=0.5)), *GOOD[1:]]
    made = losses(tmp_path, shots=late, truth=["v.mp4,0.2,cover"])
    assert made.outcomes[0].word == "view" and made.outcomes[0].shot.view == "crowd"


def test_every_false_claim_has_one_fault(tmp_path: Path) -> None:
    shots = [*GOOD, shot("w", 0, 16, "nets_side")]
    claims = [delivery("v", 2.0), delivery("v", 3.2), delivery("v", 6.0), delivery("v", 12.0), delivery("w", 1.0)]
    made = losses(tmp_path, shots=shots, claims=claims, truth=["v.mp4,2.0,cover"])
    words = ["double", "not play", "play without a stroke", "clip without a stroke"]
    assert [(false.claim.impact_s, false.word) for false in made.false_claims] == list(
        zip([3.2, 6.0, 12.0, 1.0], words, strict=True)
    )
    assert [false.true_view for false in made.false_claims] == ["pitch_endon", "field", "nets_side", ""]
    made = losses(tmp_path, shots=shots, claims=claims[1:2], truth=["v.mp4,2.0,cover"])
    assert [false.word for false in made.false_claims] == ["wrong moment"]


def test_without_true_shots_mined_ones_tell(tmp_path: Path) -> None:
    merged = [shot("v", 0, 16, "field")]
    made = losses(tmp_path, shots=merged, claims=[delivery("v", 9.0)], truth=["v.mp4,2.0,cover"], true_shots="")
    assert made.outcomes[0].word == "elsewhere in the shot" and made.false_claims[0].word == "wrong moment"
    made = losses(tmp_path, shots=merged, truth=["v.mp4,2.0,cover"], true_shots="")
    assert made.outcomes[0].word == "view"
