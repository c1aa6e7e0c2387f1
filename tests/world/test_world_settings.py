"""Settings: presets that can be built, and one sentence for everything that cannot."""

from __future__ import annotations

import dataclasses

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.world.world_settings import PartSettings, WorldSettings

PART = {"venues": ["northfield"], "broadcasters": ["CricTV"]}


def test_a_part_takes_the_size_of_the_world_where_it_does_not_say_otherwise():
    settings = WorldSettings(name="w", width=320, height=180, parts={"a": PartSettings(width=128), "b": PartSettings()})
    assert [settings.size(part) for part in settings.parts.values()] == [(128, 180), (320, 180)]
    assert settings.parts["b"] == PartSettings()


def test_the_plain_description_keeps_its_form():
    """The fingerprint of a world is made of it: a world begun by an earlier version can be gone on with."""
    settings = WorldSettings(name="w", width=320, parts={"a": PartSettings(height=64)})
    plain = settings.plain()
    assert plain["parts"][0] == {**dataclasses.asdict(PartSettings()), "name": "a", "width": 320, "height": 64}
    assert sorted(plain) == [
        "ambiguous", "av_offset_s", "crf", "difficulty", "edge", "fps", "has_sound", "miss", "name", "parts",
        "venue_bias",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strokes": ["dilscoop"]}, "unknown stroke 'dilscoop'; the strokes are leave"),
        ({"cameras": ["drone"]}, "unknown camera 'drone'; the cameras are bowler_end"),
        ({"venues": ["lords"]}, "unknown venue 'lords'; the venues are northfield"),
        ({"broadcasters": ["BBC"]}, "unknown broadcaster 'BBC'"),
        ({"mode": "radio"}, "unknown mode 'radio'"),
        ({"width": -640}, "width=-640 is out of range: give a number from 64 to 3840"),
        ({"width": 641}, "is odd, which H.264 cannot have"),
        ({"cameras": ["crowd"]}, "camera 'crowd' cannot show a ball live"),
        ({"cameras": []}, "names no camera"),
        ({"venues": ["academy_nets"]}, "does not suit mode 'broadcast'"),
        ({"cameras": ["nets_static"]}, "camera 'nets_static' does not suit mode"),
    ],
)
def test_a_part_that_cannot_be_built_is_named(change, message):
    with pytest.raises(UsageError, match=message):
        PartSettings(**PART | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": 0}, "fps=0 is out of range: give a number from 5 to 120"),
        ({"miss": -0.1}, "miss=-0.1 is out of range: give a number from 0 to 1"),
        ({"parts": {}}, "the world has no parts"),
        ({"width": 0}, "width=0 is out of range: give a number from 64 to 3840"),
        ({"height": 361}, "is odd, which H.264 cannot have"),
    ],
)
def test_a_world_that_cannot_be_built_is_named(change, message):
    with pytest.raises(UsageError, match=message):
        WorldSettings(**{"name": "w", "parts": {"a": PartSettings(**PART)}} | change)


def test_settings_without_parts_cannot_be_made():
    with pytest.raises(UsageError, match="no parts"):
        WorldSettings(name="w")
