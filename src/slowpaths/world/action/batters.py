"""Batters: who they are, how they look at the crease, and which strokes they play."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NUM_LATENTS = 8

# Shares of `core.strokes.STROKES` in an average innings (a design choice: all occur, defence and drives most often).
_AVERAGE = np.array([0.08, 0.14, 0.10, 0.11, 0.07, 0.07, 0.06, 0.08, 0.08, 0.05, 0.03, 0.08, 0.03, 0.02])


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Hold how a batter differs from the table, all as plain offsets."""

    stance_m: float = 0.23  # distance between the feet in guard, metres
    lateral_deg: float = 0.0  # tilt of the backlift towards the slips, degrees
    trigger: float = 0.0  # -1 back and across, 0 still, 1 forward press
    tempo: float = 1.0  # factor on all times (above 1 is slower)
    swing: float = 1.0  # factor on backlift and follow-through
    front_knee_deg: float = 0.0  # added to the front knee, degrees
    follow: float = 1.0  # factor on the height of the finish
    height: float = 1.0  # factor on all bone lengths


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batter:
    """Describe one batter."""

    batter_id: str  # name in truth tables, such as "b07"
    number: int  # shirt number
    is_right_handed: bool  # handedness
    style: Style  # how this batter plays
    profile: np.ndarray  # probability of each stroke of `core.strokes.STROKES` (14,)

    @property
    def off(self) -> float:
        """Return the sign of x on the off side."""
        return 1.0 if self.is_right_handed else -1.0

    @property
    def hand(self) -> str:
        """Return "R" or "L"."""
        return "R" if self.is_right_handed else "L"


def make_batters(num_batters: int, *, seed: int, is_shifted: bool = False, spread: float = 1.0) -> list[Batter]:
    """Draw batters; the same seed gives the same ones.

    Styles come from eight Gaussian latents, 22 % are left-handers, and profiles come from Dir(12 pi) around the average
    profile (design choices). Batters held out of training have styles from a rotated and shifted Gaussian.
    """
    random = np.random.default_rng([seed, 101 + int(is_shifted)])
    batters = []
    for index in range(num_batters):
        latents = random.normal(size=NUM_LATENTS)
        if is_shifted:
            rotation, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(NUM_LATENTS, NUM_LATENTS)))
            latents = rotation @ latents + 0.6
        profile = random.dirichlet(12.0 * _AVERAGE / _AVERAGE.sum() + 1e-3)
        batter_id, number = f"{'h' if is_shifted else 'b'}{index + 1:02d}", int(random.integers(1, 99))
        batters.append(
            Batter(
                batter_id=batter_id, number=number, is_right_handed=bool(random.random() >= 0.22),
                style=style_from(latents * spread), profile=profile / profile.sum(),
            )
        )  # fmt: skip
    return batters


def style_from(latents: np.ndarray) -> Style:
    """Return the style of eight standard normal latents."""
    z = np.clip(latents, -2.2, 2.2)
    return Style(
        stance_m=float(np.clip(0.23 + 0.08 * z[0], 0.14, 0.40)), lateral_deg=float(12.0 * z[1] + 4.0),
        trigger=float(np.clip(np.round(0.8 * z[2]), -1, 1)), tempo=float(np.exp(0.12 * z[3])),
        swing=float(np.exp(0.18 * z[4])), front_knee_deg=float(9.0 * z[5]), follow=float(np.exp(0.18 * z[6])),
        height=float(1.0 + 0.045 * z[7]),
    )  # fmt: skip
