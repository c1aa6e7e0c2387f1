"""Who wears what: two teams, an umpire, and everybody's own skin and bat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.world.presets import Colour

WHITE: Colour = (238, 240, 240)
_WHITISH: Colour = (228, 232, 232)
RED_BALL, WHITE_BALL = (36, 30, 150), (238, 242, 242)
_SKINS: tuple[Colour, ...] = ((92, 124, 176), (70, 98, 150), (52, 74, 118), (40, 56, 88), (120, 152, 204))
_COLOURS: tuple[Colour, ...] = (
    (150, 60, 20), (40, 40, 170), (60, 120, 30), (30, 170, 215), (120, 40, 110), (200, 150, 60), (40, 40, 40),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Describe what somebody wears."""

    shirt: Colour  # colour of the shirt
    trousers: Colour  # colour of the trousers
    skin: Colour  # colour of hands, arms and face
    hat: Colour  # colour of helmet, cap or hat
    shoes: Colour = (225, 225, 225)  # colour of the shoes
    pads: Colour | None = None  # colour of the leg guards; None without
    gloves: Colour | None = None  # colour of the gloves; None without
    has_helmet: bool = False  # helmet instead of a cap
    has_sleeves: bool = False  # long sleeves


@dataclass(frozen=True, slots=True, kw_only=True)
class Wardrobe:
    """Hold the clothes of a match."""

    batting: tuple[Colour, Colour]  # shirt and trousers of the batting side
    fielding: tuple[Colour, Colour]  # shirt and trousers of the fielding side
    batting_hat: Colour  # helmets of the batting side
    fielding_hat: Colour  # caps of the fielding side
    pads: Colour  # leg guards
    umpire: Colour  # shirt of the umpire
    ball: Colour  # colour of the ball

    def batter(self, number: int) -> Kit:
        """Return the kit of the batter with this shirt number."""
        return Kit(
            shirt=self.batting[0], trousers=self.batting[1], skin=_SKINS[number % len(_SKINS)],
            hat=self.batting_hat, pads=self.pads, gloves=WHITE if number % 5 else self.batting_hat, has_helmet=True,
            has_sleeves=number % 4 == 0,
        )  # fmt: skip

    def kit(self, role: str, number: int) -> Kit:
        """Return the kit of anybody by role."""
        if role in ("striker", "non_striker"):
            return self.batter(number)
        skin = _SKINS[(number * 3 + len(role)) % len(_SKINS)]
        if role == "umpire":
            return Kit(shirt=self.umpire, trousers=(30, 30, 34), skin=skin, hat=WHITE, shoes=(40, 40, 40))
        is_keeper = role == "keeper"
        return Kit(
            shirt=self.fielding[0], trousers=self.fielding[1], skin=skin, hat=self.fielding_hat,
            pads=self.pads if is_keeper else None, gloves=(60, 120, 230) if is_keeper else None,
            has_sleeves=number % 5 == 0,
        )  # fmt: skip


def dress_code(random: np.random.Generator) -> Wardrobe:
    """Draw the clothes of a match: whites with a red ball, or two colours with a white one."""
    first, second = (_COLOURS[index] for index in random.permutation(len(_COLOURS))[:2])
    if random.random() < 0.4:
        return Wardrobe(
            batting=(WHITE, WHITE), fielding=(_WHITISH, _WHITISH), batting_hat=first, fielding_hat=second, pads=WHITE,
            umpire=(210, 215, 220), ball=RED_BALL,
        )  # fmt: skip
    return Wardrobe(
        batting=(first, first), fielding=(second, second), batting_hat=tuple(0.55 * value for value in first),
        fielding_hat=tuple(0.6 * value for value in second),
        pads=tuple(0.6 * value + 60 for value in first) if random.random() < 0.25 else WHITE,
        umpire=(230, 200, 150) if random.random() < 0.5 else (60, 60, 60), ball=WHITE_BALL,
    )  # fmt: skip
