"""The ground without its people: grass, pitch, creases, boards and stands, painted once a camera.

Colours are BGR, 0..255, as OpenCV wants them. Axes in metres as in `world.action.limbs`; the striker's stumps are the
origin.
"""

from __future__ import annotations

import numpy as np

from slowpaths.world.action.cast import PITCH_M
from slowpaths.world.presets import Venue

_MIDDLE_Y = PITCH_M / 2
_NOISE_SIZE = 1 << 16


def paint(
    venue: Venue, *, place_3: np.ndarray, rotation_33: np.ndarray, focal: float, centre: tuple[float, float],
    shape: tuple[int, int],
) -> np.ndarray:  # fmt: skip
    """Paint what a camera sees of a ground, by casting one ray a pixel: (H, W, 3), uint8, BGR.

    Focal length and principal point (`centre`) are in pixels, so is the shape (height, width); the rotation turns world
    to camera axes.
    """
    height, width = shape
    columns = ((np.arange(width) - centre[0]) / focal).astype(np.float32)
    lines = ((np.arange(height) - centre[1]) / focal).astype(np.float32)
    rotation = rotation_33.astype(np.float32)
    picture = np.empty((height, width, 3), dtype=np.uint8)
    for top in range(0, height, 256):
        v = lines[top : top + 256, None]
        rays = [rotation[0, axis] * columns + rotation[1, axis] * v + rotation[2, axis] for axis in range(3)]
        paint_rays = _paint_nets if venue.is_nets else _paint_ground
        colours = paint_rays(venue, np.asarray(place_3, dtype=np.float32), rays)
        picture[top : top + 256] = np.clip(colours * venue.light, 0, 255)
    return picture


def _noise(*cells: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return repeatable noise in 0..1 for integer cells."""
    table = np.random.default_rng(99 + seed).random(_NOISE_SIZE, dtype=np.float32)
    key = np.zeros(np.broadcast_shapes(*(cell.shape for cell in cells)), dtype=np.int64)
    for cell, prime in zip(cells, (73856093, 19349663), strict=False):
        key = key + cell.astype(np.int64) * prime
    return table[(key ^ (key >> 13)) & (_NOISE_SIZE - 1)]


def _grass(venue: Venue, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the colour of mown grass (H, W, 3), float32."""
    angle = np.deg2rad(venue.band_deg)
    across = x * np.cos(angle) + y * np.sin(angle)
    band = np.clip(6.0 * np.sin(np.pi * across / venue.band_m), -1, 1)
    patch = _noise(np.floor(x / 1.7), np.floor(y / 1.7)) - 0.5
    blades = _noise(np.floor(x * 9), np.floor(y * 4), seed=1) - 0.5
    shade = 1.0 + 0.5 * venue.band_contrast * band + 0.04 * patch + 0.07 * blades
    return shade[..., None] * np.array(venue.grass, dtype=np.float32)


def _pitch(venue: Venue, x: np.ndarray, y: np.ndarray, colours: np.ndarray) -> None:
    """Paint strip, worn patches and creases over `colours` in place."""
    strip = (np.abs(x) < 1.60) & (y > -2.6) & (y < PITCH_M + 2.6)
    if not strip.any():
        return
    xs, ys = x[strip], y[strip]
    length = np.minimum(ys, PITCH_M - ys)
    wear = np.exp(-(((length - 1.8) / 1.6) ** 2)) * np.exp(-((xs / 0.9) ** 2))
    grain = _noise(np.floor(xs * 14), np.floor(ys * 3), seed=2) - 0.5
    edge = np.clip((1.60 - np.abs(xs)) / 0.15, 0, 1)[:, None]
    soil = (1.0 - 0.10 * wear + 0.09 * grain)[:, None] * np.array(venue.soil, dtype=np.float32)
    painted = edge * soil + (1 - edge) * colours[strip]
    # Creases, drawn a little wider than the 5 cm of the Laws so that they survive at 640 pixels.
    half = 0.05
    lines = (np.abs(length) < half) & (np.abs(xs) < 1.32)
    lines |= (np.abs(length - 1.22) < half) & (np.abs(xs) < 1.58)
    lines |= (np.abs(np.abs(xs) - 1.32) < half) & (length > -1.0) & (length < 1.22)
    painted[lines] = (236, 240, 242)
    colours[strip] = painted


def _paint_ground(venue: Venue, place: np.ndarray, rays: list[np.ndarray]) -> np.ndarray:
    dx, dy, dz = rays
    flat = np.hypot(dx, dy) + 1e-9
    # Along the ground, how far is it to the rope and to the front of the stands?
    ahead = (-(place[0]) * dx - (place[1] - _MIDDLE_Y) * dy) / flat
    aside2 = place[0] ** 2 + (place[1] - _MIDDLE_Y) ** 2 - ahead**2

    def wall(radius: float) -> np.ndarray:
        return ahead + np.sqrt(np.maximum(radius**2 - aside2, 0.0))

    ground = np.where(dz < -1e-5, place[2] / np.maximum(-dz, 1e-5) * flat, np.inf)
    boards, stand = wall(venue.boundary_m + 3.0), wall(venue.boundary_m + 9.0)
    slope = dz / flat
    board_z, stand_z = place[2] + boards * slope, place[2] + stand * slope
    reach = np.minimum(ground, 400.0)
    x, y = place[0] + dx / flat * reach, place[1] + dy / flat * reach
    colours = _grass(venue, x, y)
    _pitch(venue, x, y, colours)
    centre_m = np.hypot(x, y - _MIDDLE_Y)
    colours[np.abs(centre_m - venue.boundary_m) < 0.30] = (235, 235, 240)
    colours[centre_m > venue.boundary_m + 0.3] *= 0.9
    behind = ground > boards
    if behind.any():
        bearing = np.arctan2(place[1] - _MIDDLE_Y + dy / flat * stand, place[0] + dx / flat * stand)
        _paint_stands(venue, colours, behind, bearing, board_z, stand_z)
    return colours


def _paint_stands(
    venue: Venue, colours: np.ndarray, behind: np.ndarray, bearing: np.ndarray, board_z: np.ndarray, stand_z: np.ndarray
) -> None:
    """Paint boards, sight screens, rows of people and the sky where the ground ends, in place."""
    where = np.flatnonzero(behind)
    angle, low, high = bearing.ravel()[where], board_z.ravel()[where], stand_z.ravel()[where]
    arc = angle * venue.boundary_m
    row, seat = np.floor(high / 0.55), np.floor(arc / 0.5)
    taken = _noise(seat, row, seed=3) < venue.fill
    tint = np.stack([_noise(seat, row, seed=4 + channel) for channel in range(3)], axis=1)
    shade = 0.55 + 0.45 * ((high / 0.55) % 1.0)
    grey = tint.mean(axis=1, keepdims=True)
    people = (45 + 190 * (0.5 * grey + 0.5 * tint) ** 1.3) * shade[:, None]
    seats = shade[:, None] * np.array(venue.seats, dtype=np.float32)
    painted = np.where(taken[:, None], people, seats)
    aisle = (np.abs(arc) % 14.0) < 0.9
    painted[aisle] = 120
    roof = high > 11.5
    painted[roof] = 70 + 8 * (np.floor(high[roof] / 0.7) % 2)[:, None]
    sky = high > 15.0
    painted[sky] = np.array(venue.sky) * (1.0 - 0.002 * np.minimum(high[sky], 60))[:, None]
    walled = high < 1.4
    painted[walled] = (90, 90, 95)
    screen = (np.abs(np.abs(angle) - np.pi / 2) * venue.boundary_m < 7.0) & (high < 6.5)
    painted[screen] = (232, 236, 236)
    board = (low > 0) & (low < 1.05)
    panel = np.floor(arc / 9.0).astype(np.int64)
    palette = np.array(venue.boards, dtype=np.float32)
    face = palette[panel % len(palette)]
    letters = (np.abs((low - 0.5) / 0.28) < 1) & (_noise(np.floor(arc * 2.2), panel, seed=8) < 0.5)
    letters &= np.abs((arc % 9.0) - 4.5) < 3.2
    painted[board] = face[board]
    painted[board & letters] = 255 - face[board & letters]
    colours.reshape(-1, 3)[where] = painted


def _paint_nets(venue: Venue, place: np.ndarray, rays: list[np.ndarray]) -> np.ndarray:
    dx, dy, dz = rays
    ground = np.where(dz < -1e-4, place[2] / np.maximum(-dz, 1e-4), np.inf)
    reach = np.minimum(ground, 150.0)
    x, y = place[0] + dx * reach, place[1] + dy * reach
    colours = _grass(venue, x, y)
    mat = (np.abs(x) < 1.5) & (y > -3.0) & (y < PITCH_M + 2)
    if mat.any():
        grain = 1 + 0.06 * (_noise(np.floor(x[mat] * 25), np.floor(y[mat] * 9), seed=2) - 0.5)
        colours[mat] = grain[:, None] * np.array(venue.soil, dtype=np.float32)
        length = y[mat]
        marks = (np.abs(length - 1.22) < 0.03) | (np.abs(length) < 0.025)
        colours[mat] = np.where(marks[:, None], 235.0, colours[mat])
    far = ground > 60
    bearing = np.arctan2(dx, dy)
    rise = dz / (np.hypot(dx, dy) + 1e-9)
    trees = 0.10 + 0.04 * _noise(np.floor(bearing * 30), np.zeros_like(bearing), seed=5)
    leaves = 40 + 45 * _noise(np.floor(bearing * 160), np.floor(rise * 160), seed=6)
    colours[far] = np.array(venue.sky, dtype=np.float32)
    wood = far & (rise < trees)
    colours[wood] = leaves[wood][:, None] * np.array([0.7, 1.15, 0.85], dtype=np.float32)
    # Nets: two sides and the back, each a veil of fine mesh between grey posts.
    for axis, offset in ((0, -1.9), (0, 1.9), (1, -3.0)):
        way = (offset - place[axis]) / np.where(np.abs(rays[axis]) < 1e-6, 1e-6, rays[axis])
        px, py, pz = (place[k] + rays[k] * way for k in range(3))
        along = py if axis == 0 else px
        span = (along > -3.0) & (along < 17.0) if axis == 0 else np.abs(along) < 1.9
        on = (way > 0.2) & (way < reach) & (pz > 0) & (pz < 3.4) & span
        mesh = (np.abs((along + pz) % 0.09 - 0.045) < 0.012) | (np.abs((along - pz) % 0.09 - 0.045) < 0.012)
        post = (np.abs(along % 4.0 - 2.0) < 0.04) | (np.abs(pz - 3.35) < 0.05)
        veil = np.where(post, 0.85, np.where(mesh, 0.40, 0.10)) * on
        tone = np.where(post, 120.0, 52.0)
        colours = (1 - veil)[..., None] * colours + (veil * tone)[..., None]
    return colours
