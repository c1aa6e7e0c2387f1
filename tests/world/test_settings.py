"""Settings: presets that can be built, and one sentence for everything that cannot."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.world.settings import PRESETS, check, settings_from

PART = {"name": "a", "venues": ["northfield"], "broadcasters": ["CricTV"]}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_the_way_through_plain_values(name):
    plain = asdict(PRESETS[name])
    plain["parts"] = [
        {key: list(v) if isinstance(v, tuple) else v for key, v in part.items()} for part in plain["parts"]
    ]
    assert settings_from(plain) == PRESETS[name]


def test_the_study_holds_what_the_gap_study_needs():
    parts = {part.name: part for part in PRESETS["study"].parts}
    assert (parts["c"].num_matches, parts["c"].num_batters) == (24, 40)
    assert parts["hc"].is_held_out
    assert not set(parts["hc"].venues) & set(parts["c"].venues)
    assert not set(parts["hc"].broadcasters) & set(parts["c"].broadcasters)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strokes": ["dilscoop"]}, "unknown stroke 'dilscoop'; the strokes are leave"),
        ({"cameras": ["drone"]}, "unknown camera 'drone'; the cameras are bowler_end"),
        ({"venues": ["lords"]}, "unknown venue 'lords'; the venues are northfield"),
        ({"broadcasters": ["BBC"]}, "unknown broadcaster 'BBC'"),
        ({"mode": "radio"}, "unknown mode 'radio'"),
        ({"width": -640}, "width must be a whole number between 64 and 3840, not -640"),
        ({"width": 641}, "must be even"),
        ({"balls_per_match": 2.5}, "balls_per_match must be a whole number"),
        ({"num_matches": True}, "num_matches must be a whole number"),
        ({"cameras": ["crowd"]}, "camera 'crowd' cannot show a ball live"),
        ({"cameras": []}, "names no camera"),
        ({"venues": ["academy_nets"]}, "does not suit mode 'broadcast'"),
        ({"cameras": ["nets_static"]}, "camera 'nets_static' does not suit mode"),
        ({"colour": 1}, "unknown world setting 'colour'"),
    ],
)
def test_a_part_that_cannot_be_built_is_named(change, message):
    with pytest.raises(UsageError, match=message):
        settings_from({"name": "w", "parts": [PART | change]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 0}, "fps must be a whole number between 5 and 120, not 0"),
        ({"miss": -0.1}, "miss must be a number between 0 and 1"),
        ({"difficulty": "hard"}, "difficulty must be a number"),
        ({"parts": []}, "the world has no parts"),
        ({"parts": [PART, PART]}, "two parts of the world have the same name"),
        ({"speed": 3}, "unknown world setting 'speed'"),
    ],
)
def test_a_world_that_cannot_be_built_is_named(change, message):
    with pytest.raises(UsageError, match=message):
        settings_from({"name": "w", "parts": [PART]} | change)


def test_check_refuses_a_world_without_parts():
    with pytest.raises(UsageError, match="no parts"):
        check(replace(PRESETS["tiny"], parts=()))
