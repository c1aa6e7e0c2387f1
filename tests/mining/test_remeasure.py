"""A stroke measured again: at the same impact nothing changes, at another what was mined there would have been."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.mining.stick import IMPACT_S, SIZE, stick_track

from slowpaths.core.records import Delivery, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.features.delivery import deliver
from slowpaths.mining.impact.events import Event
from slowpaths.mining.remeasure import NEEDS_FOOTAGE, move_impact
from slowpaths.mining.sequences import NEEDS_CAMERA
from slowpaths.mining.settings import MiningSettings

TRACK, SETTINGS = stick_track(), MiningSettings()
SHOT = Shot(shot_id="s", video_id="v", span=Span(0.0, 20.0), first_frame=0, last_frame=499, view="pitch_endon")
VIDEO = VideoRef(video_id="v", path="v.mp4", width=SIZE[0], height=SIZE[1], duration_s=20.0)


def mined(impact_s: float) -> Delivery:
    event = Event(impact_s=impact_s, uncertainty_s=0.05, event_p=0.7, log_odds=1.0)
    given = {"shot": SHOT, "bounds": Span(0.0, 20.0), "handedness_p": 0.9, "picture_size": SIZE, "settings": SETTINGS}
    return deliver(TRACK, event, extras=dict.fromkeys(NEEDS_FOOTAGE, 0.25), **given)


def moved(delivery: Delivery, impact_s: float, video: VideoRef = VIDEO) -> Delivery:
    return move_impact(delivery, impact_s=impact_s, tracks=[TRACK], shot=SHOT, video=video, settings=SETTINGS)


@pytest.mark.parametrize("away_s", [0.0, 0.12, -0.2])
def test_a_moved_stroke_is_measured_as_if_it_had_been_mined_there(away_s):
    found, there = moved(mined(IMPACT_S + away_s), IMPACT_S), mined(IMPACT_S)
    assert found.features == pytest.approx(there.features, nan_ok=True)
    assert (found.span, found.box, found.impact_s) == (there.span, there.box, IMPACT_S)
    assert found.delivery_id == mined(IMPACT_S + away_s).delivery_id
    assert found.event_p == 1.0 and found.impact_uncertainty_s == pytest.approx(0.04 / math.sqrt(12))


def test_what_an_archive_of_poses_cannot_tell_stays_unknown():
    found = moved(mined(IMPACT_S), IMPACT_S + 0.04, replace(VIDEO, codec="poses"))
    assert np.isnan([found.features[name] for name in NEEDS_CAMERA]).all()
