"""Views named from made pictures and made cues."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.core.views import VIEWS
from slowpaths.mining.shots import view_rules as views
from slowpaths.mining.shots.view_cues import ViewCues, measure_frame, summarise
from slowpaths.mining.shots.view_rules import MIN_SHOTS_TO_CLUSTER, Soft, name_views

GRASS, SOIL, PALE = (70, 140, 60), (190, 160, 120), (215, 190, 155)


def endon_frame(height=180, width=320):
    """A lawn with a lighter strip down the middle."""
    frame = np.empty((height, width, 3), np.uint8)
    frame[:] = GRASS
    frame[height // 3 :, int(0.35 * width) : int(0.65 * width)] = PALE
    return frame


def people(*places, height=180, width=320):
    """Boxes from middle x, feet y and height, all in shares of the picture."""
    return np.array(
        [[(x - 0.15 * h) * width, (y - h) * height, (x + 0.15 * h) * width, y * height] for x, y, h in places]
    ).reshape(-1, 4)


ENDON_PEOPLE = people((0.5, 0.38, 0.22), (0.47, 0.33, 0.16), (0.45, 0.85, 0.40), (0.55, 0.9, 0.42))
SIDE = ViewCues(
    grass=0.35, soil=0.6, ground=0.5, ground_upper=0.6, ground_lower=0.5, strip_contrast=-2.0, roughness=3.0,
    num_people=2, tallest=0.5, typical=0.45, spread_x=0.2, spread_y=0.03, soil_at_feet=0.9, is_cropped=0.0,
)  # fmt: skip
ENDON = replace(
    SIDE, grass=0.7, soil=0.2, ground=0.7, ground_upper=0.8, ground_lower=0.7, strip_contrast=12.0, num_people=5,
    tallest=0.4, typical=0.3, spread_y=0.25,
)  # fmt: skip
NETS = replace(
    SIDE, grass=0.0, soil=0.45, ground=0.2, ground_upper=0.02, ground_lower=0.5, num_people=1, tallest=0.55, pan=0.0,
    strip_contrast=-12.0, spread_y=0.0, roughness=6.0,
)  # fmt: skip
CLOSEUP = replace(SIDE, tallest=0.95, num_people=1, is_cropped=1.0, ground_lower=0.2, soil=0.1, soil_at_feet=0.0)
FIELD = replace(ENDON, tallest=0.12, typical=0.1, num_people=3, pan=0.4, strip_contrast=0.0, soil=0.02)
CROWD = replace(
    SIDE, grass=0.1, soil=0.05, ground=0.05, ground_upper=0.0, ground_lower=0.02, roughness=9.0, num_people=0,
    tallest=0.0, typical=0.0, soil_at_feet=0.0,
)  # fmt: skip
KITCHEN = replace(
    CROWD, soil=0.5, ground=0.2, ground_upper=0.3, roughness=5.0, num_people=2, tallest=0.98, typical=0.7,
    is_cropped=1.0, soil_at_feet=0.4,
)  # fmt: skip


def named(*shots):
    return [VIEWS[index] for index in name_views(list(shots)).argmax(axis=1)]


def test_a_strip_that_crosses_the_picture_at_the_feet_is_seen_from_the_side():
    frame = np.empty((180, 320, 3), np.uint8)
    frame[:] = GRASS
    boxes = people((0.45, 0.62, 0.32), (0.1, 0.3, 0.3))
    plain = measure_frame(frame, boxes)
    frame[108:118] = SOIL
    crossed = measure_frame(frame, boxes)
    frame[:] = GRASS
    frame[160:170] = SOIL  # a graphic of that colour is at nobody's feet
    assert (plain.soil_across, measure_frame(frame, boxes).soil_across) == (0.0, 0.0)
    assert crossed.soil_across > 0.9 and crossed.soil < 0.1
    assert named(ENDON, crossed) == ["pitch_endon", "pitch_side"]
    assert measure_frame(endon_frame(), ENDON_PEOPLE).soil_across < 0.5


def test_each_look_gets_its_name_beside_a_pitch():
    assert named(ENDON, SIDE, CLOSEUP, FIELD, CROWD) == ["pitch_endon", "pitch_side", "closeup", "field", "crowd"]
    assert named(NETS) == ["nets_endon"]


def test_people_and_stands_are_not_cricket_without_a_pitch():
    assert named(KITCHEN, CLOSEUP, CROWD) == ["other"] * 3
    assert named(CLOSEUP, ENDON)[0] == "closeup"


def test_an_outfield_is_one_whatever_else_is_shown():
    assert named(FIELD, CROWD)[0] == "field"


def test_probabilities_are_a_distribution():
    probs = name_views([ENDON, KITCHEN, FIELD])
    assert probs.shape == (3, len(VIEWS))
    assert probs.sum(axis=1) == pytest.approx(1.0)
    assert (probs >= 0).all()
    assert name_views([]).shape == (0, len(VIEWS))


def test_a_lawn_for_golf_is_no_net():
    golf = replace(NETS, grass=0.5, soil=0.1, ground_lower=0.5, soil_at_feet=0.02)
    assert named(golf) == ["other"]


def test_clusters_pull_an_odd_shot_towards_its_like():
    rng = np.random.default_rng(0)

    def jitter(cues):
        noise = {
            name: getattr(cues, name) + 0.01 * rng.standard_normal()
            for name in ("grass", "soil", "ground", "tallest", "spread_y")
        }
        return replace(cues, strip_contrast=cues.strip_contrast + 4.0 * rng.standard_normal(), **noise)

    odd = replace(ENDON, strip_contrast=2.0)
    shots = [jitter(ENDON) for _ in range(MIN_SHOTS_TO_CLUSTER)] + [jitter(CROWD) for _ in range(10)]
    alone = name_views([odd, *shots[:10]])[0, VIEWS.index("pitch_endon")]
    together = name_views([odd, *shots])[0, VIEWS.index("pitch_endon")]
    assert together > alone
    assert (name_views([odd, *shots]) == name_views([odd, *shots])).all()


def test_a_still_picture_that_comes_back_all_the_time_is_of_the_pitch_and_not_of_the_field(monkeypatch):
    rng = np.random.default_rng(0)
    doubtful = replace(ENDON, ground_upper=0.15, tallest=0.26, strip_contrast=0.5)
    again = [replace(doubtful, grass=doubtful.grass + 0.01 * rng.standard_normal()) for _ in range(12)]
    others = [replace(CROWD, grass=CROWD.grass + 0.2 * rng.random()) for _ in range(MIN_SHOTS_TO_CLUSTER)]

    def odds(pan: float) -> np.ndarray:
        probs_SV = name_views([*(replace(cues, pan=pan) for cues in again), *others])[:12]
        return np.log(probs_SV[:, VIEWS.index("pitch_endon")] / probs_SV[:, VIEWS.index("field")])

    still, moving = odds(0.0), odds(0.2)
    monkeypatch.setattr(views, "_RETURNS_V", np.zeros(len(VIEWS)))
    assert (still > odds(0.0) + 2 * np.log(5.0) - 0.05).all()  # and the video is taken for cricket more surely
    assert moving == pytest.approx(odds(0.2), abs=0.05)


def test_measures_a_strip_on_a_lawn():
    cues = measure_frame(endon_frame(), ENDON_PEOPLE)
    assert cues.strip_contrast > 10
    assert cues.grass > 0.6 and 0.1 < cues.soil < 0.35 and cues.ground > 0.9
    assert cues.num_people == 4 and cues.tallest == pytest.approx(0.42)
    assert cues.spread_y > 0.2
    assert named(cues) == ["pitch_endon"]


def test_black_bars_do_not_count():
    plain = measure_frame(endon_frame(), ENDON_PEOPLE)
    padded = np.pad(endon_frame(), ((0, 0), (60, 60), (0, 0)))
    barred = measure_frame(padded, ENDON_PEOPLE + np.array([60, 0, 60, 0]))
    for name in ("grass", "soil", "ground_upper", "strip_contrast", "tallest", "spread_x"):
        assert getattr(barred, name) == pytest.approx(getattr(plain, name), abs=0.02), name


def test_a_black_picture_can_be_measured():
    cues = measure_frame(np.zeros((90, 160, 3), np.uint8), np.zeros((0, 4)))
    assert cues.num_people == 0 and cues.ground == 0
    assert np.isfinite([cues.strip_contrast, cues.roughness]).all()


def test_soil_at_feet_is_looked_for_at_the_feet():
    frame = np.empty((180, 320, 3), np.uint8)
    frame[:] = GRASS
    frame[120:] = SOIL
    assert measure_frame(frame, people((0.5, 0.8, 0.4))).soil_at_feet > 0.8
    assert measure_frame(frame, people((0.5, 0.5, 0.4))).soil_at_feet < 0.1


def test_a_shot_is_the_median_of_its_frames():
    cues = summarise([ENDON, ENDON, CROWD])
    assert cues == ENDON


def test_soft_intervals_reach_half_at_their_ends():
    soft = Soft("tallest", low=0.2, high=0.6, width=0.02, floor=0.0)
    assert soft(0.2) == pytest.approx(0.5) and soft(0.6) == pytest.approx(0.5)
    assert soft(0.4) > 0.99 and soft(0.0) < 0.01
    assert Soft("tallest", low=0.2, floor=0.3)(-5.0) == pytest.approx(0.3)
