"""Settings of mining: what is refused, in one sentence that names the key."""

from dataclasses import asdict, fields

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.mining.settings import MiningSettings


def test_settings_are_plain_values():
    assert all(isinstance(value, (str, int, float, bool)) for value in asdict(MiningSettings()).values())


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("min_event_p", 1.5, "mining.min_event_p=1.5 is out of range: give a number from 0 to 1"),
        ("min_view_p", -0.1, "mining.min_view_p=-0.1 is out of range: give a number from 0 to 1"),
        ("clip_crf", 52, "mining.clip_crf=52 is out of range: give a number from 0 to 51"),
        ("max_play_s", 6.0, "mining.max_play_s=6.0 leaves no room"),
        ("clip_px", 255, "mining.clip_px=255 is odd, and H.264 has even sides: give 256"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(key, value, sentence):
    with pytest.raises(UsageError, match=f"^{sentence}"):
        MiningSettings(**{key: value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_no_number_may_be_infinite_or_none_at_all(value):
    for field in fields(MiningSettings):
        if type(field.default) is float:
            with pytest.raises(UsageError, match=f"mining.{field.name}="):
                MiningSettings(**{field.name: value})


def test_clips_without_movement_are_refused_where_clips_are_written():
    brief = {"clip_fps": 1, "before_s": 0.04, "after_s": 0.04, "margin_s": 0.0}
    with pytest.raises(UsageError, match=r"mining\.clip_fps=1 puts 0 frames into a clip"):
        MiningSettings(**brief)
    assert MiningSettings(**brief, write_clips=False).clip_spec.num_frames == 0


def test_a_clip_holds_the_span_of_a_stroke_and_its_margins():
    spec = MiningSettings(before_s=1.0, after_s=0.5, margin_s=0.2, clip_fps=50, clip_px=128).clip_spec
    assert (spec.fps, spec.num_frames, spec.size, spec.impact_frame) == (50, 95, 128, 60)
