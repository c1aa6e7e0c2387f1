"""Settings: presets that can be built, and one sentence for everything that cannot."""

from __future__ import annotations

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.world.settings import PartSettings, WorldSettings, check, settings_from

PART = {"venues": ["northfield"], "broadcasters": ["CricTV"]}


def test_a_part_takes_what_all_share_where_it_does_not_say_otherwise():
    settings = settings_from(
        {"name": "w", "part": {"width": 320, "height": 180}, "parts": {"a": {"width": 128}, "b": {}}}
    )
    assert [(part.name, part.width, part.height) for part in settings.parts] == [("a", 128, 180), ("b", 320, 180)]
    assert settings.parts[1] == PartSettings(name="b", width=320, height=180)


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
        settings_from({"name": "w", "parts": {"a": PART | change}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 0}, "fps must be a whole number between 5 and 120, not 0"),
        ({"miss": -0.1}, "miss must be a number between 0 and 1"),
        ({"difficulty": "hard"}, "difficulty must be a number"),
        ({"parts": {}}, "the world has no parts"),
        ({"parts": {"a": {}}, "part": {"mode": "radio"}}, "unknown mode 'radio'"),
        ({"speed": 3}, "unknown world setting 'speed'"),
    ],
)
def test_a_world_that_cannot_be_built_is_named(change, message):
    with pytest.raises(UsageError, match=message):
        settings_from({"name": "w", "parts": {"a": PART}} | change)


def test_check_refuses_a_world_without_parts_or_with_two_of_one_name():
    with pytest.raises(UsageError, match="no parts"):
        check(WorldSettings(name="w", parts=()))
    with pytest.raises(UsageError, match="two parts of the world have the same name"):
        check(WorldSettings(name="w", parts=(PartSettings(name="a"), PartSettings(name="a"))))
