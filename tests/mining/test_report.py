"""The report says what was found and what looks odd."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.records import Box, Delivery, Shot, Unclaimed, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.report import checks, mining_report
from slowpaths.store import tables
from slowpaths.store.schema import DELIVERIES, FOOTAGE, SHOTS


def video(name, *, status="ok", reason="", duration_s=3600.0):
    return VideoRef(video_id=name, path=f"{name}.mp4", fps=Fraction(25), duration_s=duration_s, status=status,
                    reason=reason)  # fmt: skip


def shot(number, *, view="pitch_endon", is_replay=False):
    return Shot(
        shot_id=f"a-s{number:04d}",
        video_id="a",
        span=Span(40.0 * number, 40.0 * number + 8),
        first_frame=number,
        last_frame=number,
        view=view,
        view_probability=0.8,
        is_replay=is_replay,
    )


def delivery(number, *, sd_s=0.05, hand_p=0.95, **features):
    impact_s = 40.0 * number + 6.0
    return Delivery(
        delivery_id=f"a-d{number}", video_id="a", shot_id=f"a-s{number:04d}",
        span=Span(impact_s - 0.8, impact_s + 0.48), impact_s=impact_s, impact_uncertainty_s=sd_s, view="pitch_endon",
        handedness_p=hand_p, box=Box(x1=0, y1=0, x2=10, y2=20), event_p=0.9,
        features={"striker_p": 0.9, "onset_z": np.nan} | features,
    )  # fmt: skip


@pytest.fixture
def as_tables(tmp_path):
    def build(videos, shots, deliveries) -> dict[str, pa.Table]:
        tables.write_footage(tmp_path / "f", videos)
        tables.write_shots(tmp_path / "s", shots)
        tables.write_deliveries(tmp_path / "d", deliveries)
        return {
            "footage": tables.read_table(tmp_path / "f", FOOTAGE),
            "shots": tables.read_table(tmp_path / "s", SHOTS),
            "deliveries": tables.read_table(tmp_path / "d", DELIVERIES),
        }

    return build


def test_counts_views_intervals_and_quarantine(as_tables):
    made = as_tables(
        [video("a"), video("b", status="quarantined", reason="holds no frames | at all")],
        [shot(number) for number in range(4)] + [shot(9, view="field")],
        [delivery(number) for number in range(4)],
    )
    text = mining_report(**made)
    assert "| b.mp4 | holds no frames \\| at all |" in text
    assert "| pitch_endon | 4 | 32.0 | 0.80 | 0 | 4 |" in text
    assert "| field | 1 | 8.0 | 0.80 | 0 | 0 |" in text
    assert "| 40 to 60 s | 3 |" in text
    assert "| striker_p |  | 1.00 | 0.90 | 0.90 | 0.90 |" in text


def verdicts(made, *, hours=1.0):
    return {check.name.split(" (")[0]: check.verdict for check in checks(**made, hours=hours)}


def test_replays_do_not_count_as_balls(as_tables):
    live = [shot(number) for number in range(80)]
    balls = [delivery(number) for number in range(80)]
    assert verdicts(as_tables_part(as_tables, live, balls))["live deliveries per hour"] == "ok"
    replays = [shot(number, is_replay=True) for number in range(80)]
    assert verdicts(as_tables_part(as_tables, replays, balls))["live deliveries per hour"] == "look"


def as_tables_part(as_tables, shots, deliveries):
    made = as_tables([video("a")], shots, deliveries)
    return {"shots": made["shots"], "deliveries": made["deliveries"]}


def test_doubtful_strikers_and_impacts_are_pointed_out(as_tables):
    shots = [shot(number) for number in range(10)]
    sure = verdicts(as_tables_part(as_tables, shots, [delivery(number) for number in range(10)]))
    doubtful = [delivery(number, sd_s=0.3, hand_p=0.5, striker_p=0.2, onset_z=1.0) for number in range(10)]
    unsure = verdicts(as_tables_part(as_tables, shots, doubtful))
    for name in ("striker is the likeliest person", "impact known to 80 ms", "handedness decided"):
        assert sure[name] == "ok" and unsure[name] == "look"
    assert unsure["a sound within .15 s of impact"] == "look"
    assert "a sound within .15 s of impact" not in sure  # without sound there is nothing to say


def test_videos_without_a_delivery_have_a_reason_each(as_tables):
    videos = [video(name) for name in "abcd"]
    made = as_tables(videos, [], [])
    said = [
        Unclaimed(video_id="a", cause="still"),
        Unclaimed(video_id="b", cause="no_play"),
        Unclaimed(video_id="c", cause="nobody"),
        Unclaimed(video_id="d", cause="no_stroke", event_p=0.314),
    ]
    text = mining_report(**made, unclaimed=said)
    assert "## Videos without a delivery" in text and "## Videos without a delivery" not in mining_report(**made)
    assert "| a.mp4 | no frames that change |" in text and "| b.mp4 | no shot of play |" in text
    assert "| c.mp4 | nobody seen to move in a shot of play |" in text
    assert "| d.mp4 | nothing that looks like a stroke: best probability 0.31 |" in text


def test_many_videos_without_a_delivery_are_counted_by_their_reason(as_tables):
    made = as_tables([video(f"v{number}") for number in range(40)], [], [])
    said = [Unclaimed(video_id=f"v{number}", cause="no_play") for number in range(25)]
    said += [Unclaimed(video_id=f"v{25 + n}", cause="no_stroke", event_p=n / 100) for n in range(15)]
    text = mining_report(**made, unclaimed=said)
    assert "| no shot of play | 25 | v0.mp4, v1.mp4, v2.mp4 |" in text
    assert "| nothing that looks like a stroke: best probability 0.14 | 15 | v25.mp4, v26.mp4, v27.mp4 |" in text
    assert "| v0.mp4 |" not in text and "no frames that change" not in text


def test_nothing_found_is_reported_too(as_tables):
    text = mining_report(**as_tables([], [], []))
    assert "| deliveries | 0 |" in text
    assert "too little footage" in text
