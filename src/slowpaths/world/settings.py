"""Settings of a world as plain values, as `configs/world` holds them, and their check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.world.cameras import CAMERAS
from slowpaths.world.graphics import BROADCASTERS
from slowpaths.world.scenery import VENUES

MODES: tuple[str, ...] = ("broadcast", "clip", "nets")
GROUNDS = ("northfield", "harbour", "saltlake", "kingsmead_lights")
STATIONS = ("Nine Sport", "CricTV", "Willow Park")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSettings:
    """Describe some matches of a kind.

    Args:
        name: Prefix of the match names.
        mode: "broadcast" (the whole edit), "clip" (three seconds a ball around the striker) or "nets".
        num_matches: How many videos.
        balls_per_match: Balls in each.
        width: Width of the picture, pixels, even.
        height: Height of the picture, pixels, even.
        venues: Grounds, taken in turn.
        broadcasters: Who films, taken in turn.
        cameras: Live cameras, drawn for every ball.
        num_batters: Size of the pool of batters.
        is_held_out: Batters from a shifted distribution and no tie between venue and strokes.
        leisure: Factor on the time between balls.
        retire_after: Balls after which a batter makes room for the next.
        strokes: Strokes that occur; all where empty.
    """

    name: str
    mode: str = "broadcast"
    num_matches: int = 1
    balls_per_match: int = 6
    width: int = 640
    height: int = 360
    venues: tuple[str, ...] = GROUNDS
    broadcasters: tuple[str, ...] = STATIONS
    cameras: tuple[str, ...] = ("bowler_end",)
    num_batters: int = 8
    is_held_out: bool = False
    leisure: float = 1.0
    retire_after: int = 30
    strokes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """Describe a world.

    Args:
        name: Name of the world.
        parts: Its matches, kind by kind.
        fps: Frames a second.
        crf: Quality of the H.264, 0 to 51.
        ambiguous: Share of strokes that are blends of two.
        miss: Share of strokes that miss.
        edge: Share of strokes that edge.
        difficulty: Factor on the jitter from ball to ball and on the differences between batters. 1 was set once, on
            seeds 1 and 2: with simulated pose and everything else right the label model names about four strokes of
            five and majority vote about one of two. It is not to be moved again.
        venue_bias: Strength of the spurious tie between venue and strokes.
        av_offset_s: Largest offset of the sound against the picture, seconds.
        has_sound: Whether the videos have sound.
    """

    name: str
    parts: tuple[PartSettings, ...]
    fps: int = 25
    crf: int = 24
    ambiguous: float = 0.10
    miss: float = 0.06
    edge: float = 0.04
    difficulty: float = 1.0
    venue_bias: float = 0.3
    av_offset_s: float = 0.08
    has_sound: bool = True


def settings_from(plain: Mapping[str, Any]) -> WorldSettings:
    """Build settings from nested plain values, as a configuration file holds them.

    Args:
        plain: The fields of `WorldSettings`; `parts` maps the name of each part to its fields of `PartSettings`, `part`
            holds those that a part has where it does not say otherwise.

    Raises:
        UsageError: If a key is unknown or a value cannot be used.
    """
    values = dict(plain)
    shared, parts = values.pop("part", {}), values.pop("parts", {})
    if not parts:
        raise UsageError("the world has no parts: choose world=tiny, demo or study, or add one, +world.parts.a={}")
    settings = WorldSettings(
        **_known(WorldSettings, values),
        parts=tuple(
            PartSettings(**_known(PartSettings, {**shared, **own, "name": name})) for name, own in parts.items()
        ),
    )
    check(settings)
    return settings


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = [item.name for item in fields(kind)]
    for key in values:
        if key not in names:
            raise UsageError(f"unknown world setting '{key}'; the settings are {', '.join(names)}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def check(settings: WorldSettings) -> None:
    """Refuse settings that cannot be built.

    Raises:
        UsageError: If a stroke, camera, venue, broadcaster or mode is unknown, or a number makes no sense.
    """
    if not settings.parts:
        raise UsageError("the world has no parts: give at least one")
    names = [part.name for part in settings.parts]
    if len(set(names)) < len(names):
        raise UsageError("two parts of the world have the same name: rename one")
    for key, low, high in (("fps", 5, 120), ("crf", 0, 51)):
        _within(key, getattr(settings, key), low, high, whole=True)
    for key, high in (("ambiguous", 1), ("miss", 1), ("edge", 1), ("difficulty", 3), ("venue_bias", 3),
                      ("av_offset_s", 1)):  # fmt: skip
        _within(key, getattr(settings, key), 0, high)
    for part in settings.parts:
        _check_part(part)


def _check_part(part: PartSettings) -> None:
    if part.mode not in MODES:
        raise UsageError(f"unknown mode '{part.mode}'; the modes are {', '.join(MODES)}")
    for kind, given, known in (
        ("stroke", part.strokes, STROKES),
        ("camera", part.cameras, CAMERAS),
        ("venue", part.venues, tuple(VENUES)),
        ("broadcaster", part.broadcasters, tuple(BROADCASTERS)),
    ):
        for name in given:
            if name not in known:
                raise UsageError(f"unknown {kind} '{name}'; the {kind}s are {', '.join(known)}")
        if not given and kind != "stroke":
            raise UsageError(f"part '{part.name}' names no {kind}; the {kind}s are {', '.join(known)}")
    for name in part.venues:
        if VENUES[name].is_nets != (part.mode == "nets"):
            raise UsageError(f"venue '{name}' does not suit mode '{part.mode}': nets go with nets only")
    play = [name for name in part.cameras if name in ("closeup", "field", "crowd")]
    if play:
        raise UsageError(f"camera '{play[0]}' cannot show a ball live; choose an end-on, side-on or nets camera")
    for name in part.cameras:
        if name.startswith("nets") != (part.mode == "nets"):
            raise UsageError(f"camera '{name}' does not suit mode '{part.mode}': nets go with nets only")
    for key, low, high in (("width", 64, 3840), ("height", 64, 2160), ("num_matches", 1, 10_000),
                           ("balls_per_match", 1, 10_000), ("num_batters", 2, 10_000),
                           ("retire_after", 1, 10_000)):  # fmt: skip
        _within(key, getattr(part, key), low, high, whole=True)
    if part.width % 2 or part.height % 2:
        raise UsageError(f"width and height must be even for H.264, not {part.width} x {part.height}")
    _within("leisure", part.leisure, 0.2, 20)


def _within(key: str, value: Any, low: float, high: float, *, whole: bool = False) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or (whole and not isinstance(value, int)) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"{key} must be {kind} between {low} and {high}, not {value!r}")
