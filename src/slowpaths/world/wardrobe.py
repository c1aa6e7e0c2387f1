"""Who wears what: two teams, an umpire, and everybody's own skin and bat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.world.figures import WHITE, Kit
from slowpaths.world.scenery import Colour

_SKINS: tuple[Colour, ...] = ((92, 124, 176), (70, 98, 150), (52, 74, 118), (40, 56, 88), (120, 152, 204))
_COLOURS: tuple[Colour, ...] = (
    (150, 60, 20),
    (40, 40, 170),
    (60, 120, 30),
    (30, 170, 215),
    (120, 40, 110),
    (200, 150, 60),
    (40, 40, 40),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wardrobe:
    """Hold the clothes of a match.

    Args:
        batting: Shirt and trousers of the batting side.
        fielding: Shirt and trousers of the fielding side.
        batting_hat: Helmets of the batting side.
        fielding_hat: Caps of the fielding side.
        pads: Leg guards.
        umpire: Shirt of the umpire.
        ball: Colour of the ball.
    """

    batting: tuple[Colour, Colour]
    fielding: tuple[Colour, Colour]
    batting_hat: Colour
    fielding_hat: Colour
    pads: Colour
    umpire: Colour
    ball: Colour

    def batter(self, number: int) -> Kit:
        """Return the kit of the batter with this shirt number."""
        return Kit(
            shirt=self.batting[0],
            trousers=self.batting[1],
            skin=_SKINS[number % len(_SKINS)],
            hat=self.batting_hat,
            pads=self.pads,
            gloves=WHITE if number % 5 else self.batting_hat,
            has_helmet=True,
            has_sleeves=number % 4 == 0,
        )

    def kit(self, role: str, number: int) -> Kit:
        """Return the kit of anybody by role."""
        if role in ("striker", "non_striker"):
            return self.batter(number)
        skin = _SKINS[(number * 3 + len(role)) % len(_SKINS)]
        if role == "umpire":
            return Kit(shirt=self.umpire, trousers=(30, 30, 34), skin=skin, hat=WHITE, shoes=(40, 40, 40))
        is_keeper = role == "keeper"
        return Kit(
            shirt=self.fielding[0],
            trousers=self.fielding[1],
            skin=skin,
            hat=self.fielding_hat,
            pads=self.pads if is_keeper else None,
            gloves=(60, 120, 230) if is_keeper else None,
            has_sleeves=number % 5 == 0,
        )


def dress_code(random: np.random.Generator) -> Wardrobe:
    """Draw the clothes of a match: whites with a red ball, or two colours with a white one."""
    first, second = random.permutation(len(_COLOURS))[:2]
    if random.random() < 0.4:
        return Wardrobe(
            batting=(WHITE, WHITE),
            fielding=((228, 232, 232), (228, 232, 232)),
            batting_hat=_COLOURS[first],
            fielding_hat=_COLOURS[second],
            pads=WHITE,
            umpire=(210, 215, 220),
            ball=(36, 30, 150),
        )
    batting, fielding = _COLOURS[first], _COLOURS[second]
    return Wardrobe(
        batting=(batting, batting),
        fielding=(fielding, fielding),
        batting_hat=tuple(0.55 * value for value in batting),
        fielding_hat=tuple(0.6 * value for value in fielding),
        pads=tuple(0.6 * value + 60 for value in batting) if random.random() < 0.25 else WHITE,
        umpire=(230, 200, 150) if random.random() < 0.5 else (60, 60, 60),
        ball=(238, 242, 242),
    )
