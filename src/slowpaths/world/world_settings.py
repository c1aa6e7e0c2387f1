"""Settings of a world: the one home of their defaults, units and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.world.presets import BROADCASTERS, CAMERAS, PLAY_CAMERAS, VENUES

Mode = Literal["broadcast", "clip", "nets"]
_MOST = 10_000  # matches, balls and batters of a part


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSettings:
    """Describe some matches of a kind.

    Args:
        mode: "broadcast" (the whole edit), "clip" (three seconds a ball around the striker) or "nets".
        num_matches: How many videos.
        balls_per_match: Balls in each.
        width: Width of the picture, pixels, even; the world's where not given.
        height: Height of the picture, pixels, even; the world's where not given.
        venues: Grounds, taken in turn.
        broadcasters: Who films, taken in turn.
        cameras: Live cameras, drawn for every ball.
        num_batters: Size of the pool of batters.
        is_held_out: Batters from a shifted distribution and no tie between venue and strokes.
        leisure: Factor on the time between balls.
        retire_after: Balls after which a batter makes room for the next.
        strokes: Strokes that occur; all where empty.

    Raises:
        UsageError: If a stroke, camera, venue, broadcaster or mode is unknown, or a number makes no sense.
    """

    mode: Mode = "broadcast"
    num_matches: int = 1
    balls_per_match: int = 6
    width: int | None = None
    height: int | None = None
    venues: tuple[str, ...] = ("northfield", "harbour", "saltlake", "kingsmead_lights")
    broadcasters: tuple[str, ...] = ("Nine Sport", "CricTV", "Willow Park")
    cameras: tuple[str, ...] = ("bowler_end",)
    num_batters: int = 8
    is_held_out: bool = False
    leisure: float = 1.0
    retire_after: int = 30
    strokes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        choices: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
            "mode": ((self.mode,), get_args(Mode)), "stroke": (self.strokes, STROKES),
            "camera": (self.cameras, CAMERAS), "venue": (self.venues, tuple(VENUES)),
            "broadcaster": (self.broadcasters, tuple(BROADCASTERS)),
        }  # fmt: skip
        for kind, (given, known) in choices.items():
            for name in given:
                if name not in known:
                    raise UsageError(f"unknown {kind} '{name}'; the {kind}s are {', '.join(known)}")
            if not given and kind != "stroke":
                raise UsageError(f"a part of the world names no {kind}; the {kind}s are {', '.join(known)}")
        is_nets = self.mode == "nets"
        for name in self.cameras:
            if name not in PLAY_CAMERAS:
                raise UsageError(f"camera '{name}' cannot show a ball live; choose an end-on, side-on or nets camera")
        fits = {("venue", name): VENUES[name].is_nets == is_nets for name in self.venues}
        fits |= {("camera", name): name.startswith("nets") == is_nets for name in self.cameras}
        for (kind, name), is_fit in fits.items():
            if not is_fit:
                raise UsageError(f"{kind} '{name}' does not suit mode '{self.mode}': nets go with nets only")
        _check_size(self.width, self.height)
        for key, low in (("num_matches", 1), ("balls_per_match", 1), ("num_batters", 2), ("retire_after", 1)):
            _within(key, getattr(self, key), low, _MOST)
        _within("leisure", self.leisure, 0.2, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """Describe a world.

    Args:
        name: Name of the world.
        parts: Its matches, kind by kind; the name of a part begins the names of its matches.
        width: Width of the picture, pixels, even.
        height: Height of the picture, pixels, even.
        fps: Frames a second.
        crf: Quality of the H.264, 0 to 51.
        ambiguous: Share of strokes that are blends of two (a design choice, as are the next two).
        miss: Share of strokes that miss the ball.
        edge: Share of strokes that edge it.
        difficulty: Factor on the jitter from ball to ball and on the differences between batters. 1 was set once, on
            seeds 1 and 2: with simulated pose and everything else right the label model names about four strokes of
            five and majority vote about one of two. It is not to be moved again.
        venue_bias: Strength of the spurious tie between venue and strokes.
        av_offset_s: Largest offset of the sound against the picture, seconds.
        has_sound: Whether the videos have sound.

    Raises:
        UsageError: If there is no part or a number makes no sense.
    """

    name: str
    parts: Mapping[str, PartSettings] = field(default_factory=dict)
    width: int = 640
    height: int = 360
    fps: int = 25
    crf: int = 24
    ambiguous: float = 0.10
    miss: float = 0.06
    edge: float = 0.04
    difficulty: float = 1.0
    venue_bias: float = 0.3
    av_offset_s: float = 0.08
    has_sound: bool = True

    def __post_init__(self) -> None:
        if not self.parts:
            raise UsageError("the world has no parts: choose world=tiny, demo or study, or add one, +world.parts.a={}")
        _check_size(self.width, self.height)
        _within("fps", self.fps, 5, 120)
        _within("crf", self.crf, 0, 51)
        for key in ("ambiguous", "miss", "edge", "difficulty", "venue_bias", "av_offset_s"):
            _within(key, getattr(self, key), 0, 3 if key in ("difficulty", "venue_bias") else 1)

    def size(self, part: PartSettings) -> tuple[int, int]:
        """Return width and height of the pictures of a part."""
        return part.width or self.width, part.height or self.height

    def plain(self) -> dict[str, Any]:
        """Return plain values, as the description of a world has always held them: parts as a list, each with its size.

        The fingerprint of a world is made of them, so a world begun by an earlier version can be gone on with.
        """
        parts = [
            asdict(part) | {"name": name} | dict(zip(("width", "height"), self.size(part), strict=True))
            for name, part in self.parts.items()
        ]
        return {key: value for key, value in asdict(self).items() if key not in ("width", "height")} | {"parts": parts}


def _check_size(width: int | None, height: int | None) -> None:
    for key, pixels, most in (("width", width, 3840), ("height", height, 2160)):
        if pixels is not None:
            _within(key, pixels, 64, most)
            if pixels % 2:
                raise UsageError(f"{key}={pixels} is odd, which H.264 cannot have: give {pixels + 1}")


def _within(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{key}={value} is out of range: give a number from {low} to {high}")
