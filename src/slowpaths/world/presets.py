"""Grounds, broadcasters and cameras by name: plain data that the rest of the world reads.

Colours are BGR, 0..255, as OpenCV wants them.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, ...]

VIEW_OF: dict[str, str] = {  # camera -> view of `core.views`
    "bowler_end": "pitch_endon", "keeper_end": "pitch_endon", "side_on": "pitch_side",
    "nets_static": "nets_endon", "nets_handheld": "nets_endon", "nets_side": "nets_side",
    "closeup": "closeup", "field": "field", "crowd": "crowd", "advert": "other",
}  # fmt: skip
CAMERAS: tuple[str, ...] = tuple(name for name in VIEW_OF if name != "advert")
PLAY_CAMERAS: tuple[str, ...] = tuple(name for name, view in VIEW_OF.items() if view.startswith(("pitch", "nets")))
"""Cameras that can show a ball from the hand to the bat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Describe a ground."""

    name: str  # name in truth tables
    grass: Colour  # colour of the outfield
    soil: Colour  # colour of the pitch
    sky: Colour = (235, 205, 170)  # colour above the stands
    seats: Colour = (120, 60, 40)  # colour of empty seats
    # of the advertising boards
    boards: tuple[Colour, ...] = ((40, 40, 200), (200, 120, 20), (240, 240, 240), (30, 140, 40))
    band_m: float = 5.0  # width of the mown bands, metres
    band_contrast: float = 0.10  # how much lighter every other band is
    band_deg: float = 0.0  # direction of the bands, 0 along the pitch
    boundary_m: float = 68.0  # radius of the rope around the middle, metres
    gantry_m: float = 12.0  # height of the end-on cameras, metres
    sun_deg: float = 40.0  # where the shadows fall, degrees from +x towards +y
    shadow: float = 0.8  # length of shadows per metre of height
    light: float = 1.0  # factor on all brightness
    fill: float = 0.75  # share of seats taken
    is_nets: bool = False  # practice nets instead of a ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcaster:
    """Describe who films and cuts a match."""

    name: str  # name, shown on the wipe
    bug: str = "bottom"  # where the score bug sits: "bottom", "top_left" or "strip"
    paint: tuple[Colour, Colour] = ((120, 40, 20), (40, 190, 240))  # main and second colour of graphics
    lens: float = 1.0  # factor on all fields of view
    wipe_frames: int = 16  # length of the logo wipe, frames
    replay: float = 0.25  # share of balls that are shown again
    crowd: float = 0.15  # share of balls after which the crowd is shown
    advert: float = 0.02  # share of balls after which adverts run
    cut_s: tuple[float, float] = (0.5, 1.6)  # time from impact to the cut away from the live camera, seconds
    noise: float = 3.0  # sensor noise, grey levels
    grade: Colour = (1.0, 1.0, 1.0)  # gains of blue, green and red


HELD_OUT_VENUE, HELD_OUT_STATION = "westdown", "Fox Overseas"
"""Ground and broadcaster that no training world shows."""

# fmt: off
VENUES: dict[str, Venue] = {venue.name: venue for venue in (
    Venue(name="northfield", grass=(62, 138, 92), soil=(132, 178, 202), gantry_m=12.0),
    Venue(name="harbour", grass=(58, 122, 66), soil=(120, 160, 178), seats=(60, 120, 40),
          boards=((20, 20, 20), (60, 200, 240), (200, 40, 40), (245, 245, 245)),
          band_m=7.0, band_deg=90.0, gantry_m=9.0, boundary_m=64.0, sun_deg=150.0, shadow=1.4),
    Venue(name="saltlake", grass=(70, 148, 120), soil=(150, 190, 214), seats=(150, 110, 30),
          boards=((180, 40, 120), (40, 160, 240), (250, 250, 250), (120, 30, 30)),
          band_m=4.0, band_contrast=0.14, gantry_m=14.0, boundary_m=72.0, sun_deg=-60.0, shadow=0.5, light=1.08),
    Venue(name="kingsmead_lights", grass=(56, 132, 74), soil=(126, 168, 192), sky=(48, 30, 24), seats=(60, 50, 60),
          band_m=6.0, band_deg=45.0, gantry_m=10.5, boundary_m=66.0, shadow=0.25, light=0.94, fill=0.9),
    Venue(name=HELD_OUT_VENUE, grass=(84, 150, 140), soil=(104, 140, 176), seats=(40, 40, 160),
          boards=((240, 200, 60), (60, 60, 60), (60, 60, 230)), band_m=9.0, band_contrast=0.05, gantry_m=8.0,
          boundary_m=62.0, sun_deg=100.0, shadow=1.8, light=0.9, fill=0.4),
    Venue(name="academy_nets", grass=(70, 120, 84), soil=(120, 150, 128), sky=(225, 210, 190), sun_deg=60.0, shadow=0.6,
          is_nets=True, band_contrast=0.03),
)}
BROADCASTERS: dict[str, Broadcaster] = {item.name: item for item in (
    Broadcaster(name="Nine Sport"),
    Broadcaster(name="CricTV", bug="top_left", paint=((30, 30, 160), (240, 240, 240)), lens=1.15, wipe_frames=22,
                cut_s=(0.3, 1.0), noise=4.5, grade=(0.96, 1.0, 1.05)),
    Broadcaster(name="Willow Park", bug="strip", paint=((60, 110, 30), (250, 250, 250)), lens=0.9, wipe_frames=13,
                replay=0.35, cut_s=(0.8, 2.0), noise=2.5, grade=(1.05, 1.0, 0.96)),
    Broadcaster(name=HELD_OUT_STATION, bug="bottom", paint=((140, 20, 120), (20, 220, 250)), lens=1.3, wipe_frames=28,
                cut_s=(0.25, 0.8), noise=6.0, grade=(1.0, 0.96, 1.0)),
)}
# fmt: on
