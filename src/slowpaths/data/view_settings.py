"""Which views of a clip are compared, with their defaults and reasons."""

from __future__ import annotations

from dataclasses import dataclass

from slowpaths.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSettings:
    """Hold which views of a clip are compared, and with which other clips.

    Args:
        replay_p: Probability that the second view is another recording of the ball, where there is one.
        is_grouped: Whether a batch is filled from one match and camera view, so that the scene tells no clip from
            another.

    Raises:
        UsageError: If the probability is none.
    """

    replay_p: float = 0.5
    is_grouped: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.replay_p <= 1:
            raise UsageError(f"views.replay_p={self.replay_p} is no probability: give a number from 0 to 1")
