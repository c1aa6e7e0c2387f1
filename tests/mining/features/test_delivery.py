"""A stroke that was found as a delivery: its span lies inside the video."""

import numpy as np
import pytest
from tests.mining.stick import IMPACT_S, SIZE, stick_track

from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.mining.features.delivery import deliver
from slowpaths.mining.impact.events import Event
from slowpaths.mining.settings import MiningSettings


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Span(0.0, 99.0), (IMPACT_S - 0.80, IMPACT_S + 0.48)),
        (Span(IMPACT_S - 0.6, 99.0), (IMPACT_S - 0.6, IMPACT_S + 0.48)),
        (Span(0.0, IMPACT_S + 0.1), (IMPACT_S - 0.80, IMPACT_S + 0.1)),
    ],
)
def test_a_span_does_not_reach_beyond_the_video(bounds, expected):
    shot = Shot(shot_id="s", video_id="v", span=bounds, first_frame=0, last_frame=9, view="pitch_endon")
    delivery = deliver(
        stick_track(),
        Event(impact_s=IMPACT_S, uncertainty_s=0.02, event_p=0.9, log_odds=2.0),
        shot=shot,
        bounds=bounds,
        handedness_p=0.9,
        picture_size=SIZE,
        settings=MiningSettings(),
    )
    assert (delivery.span.start_s, delivery.span.end_s) == pytest.approx(expected)
    assert delivery.impact_s == IMPACT_S
    assert np.isfinite(delivery.box.to_array()).all()
