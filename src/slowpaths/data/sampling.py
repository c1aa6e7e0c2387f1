"""Which frames of a stored clip are shown, and in which order clips come.

Everything random is a function of (seed, epoch, clip), never of the worker or of what was drawn before: any number of
workers gives the same batches, and a resumed run goes on as if it had not stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Sampler

from slowpaths.core.errors import UsageError
from slowpaths.store.mined_folder import ClipSpec

# The stroke window is impact -.80 s .. +.48 s: this share of it lies before impact.
_BEFORE_IMPACT = 0.80 / 1.28
_VIEW_STEP_FRAMES = 2
KINETICS_VIEWS = 30  # the protocol of Kinetics: 10 in time, each in 3 places


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Describe what the network sees of a clip."""

    num_frames: int = 32  # frames shown
    frame_stride: int = 1  # step between them, in frames of the file
    jitter_frames: int = 0  # largest shift in training, either way
    num_views: int = 1  # views in testing

    def frames(self, spec: ClipSpec, *, shift: int = 0) -> np.ndarray:
        """Return the frames (T,) of the file that are shown, the window moved by `shift` frames.

        Example:
            >>> spec = ClipSpec(fps=25, num_frames=52, size=256, impact_frame=30)
            >>> Window(num_frames=32).frames(spec)[[0, -1]].tolist()
            [10, 41]
        """
        span = self.num_frames * self.frame_stride
        start = spec.impact_frame - round(span * _BEFORE_IMPACT) + shift
        return start + np.arange(self.num_frames) * self.frame_stride

    def views(self) -> tuple[tuple[int, int], ...]:
        """Return the shift in frames of every test view, and its place: -1 left, 0 centre, 1 right.

        All are centred, but for 30 views: those are 10 shifts in 3 places.

        Example:
            >>> Window(num_views=3).views()
            ((-2, 0), (0, 0), (2, 0))
        """
        places = (-1, 0, 1) if self.num_views == KINETICS_VIEWS else (0,)
        return tuple((shift, place) for shift in self.view_shifts() for place in places)

    def view_shifts(self) -> tuple[int, ...]:
        """Return the shifts of the test views, two frames apart around impact: -2, 0, 2 for three, 10 of 30."""
        count = self.num_views // 3 if self.num_views == KINETICS_VIEWS else self.num_views
        first = -_VIEW_STEP_FRAMES * (count - 1) // 2
        return tuple(range(first, first + _VIEW_STEP_FRAMES * count, _VIEW_STEP_FRAMES))

    def train_shift(self, rng: np.random.Generator) -> int:
        """Draw a shift, every one of -jitter .. jitter as likely."""
        return int(rng.integers(-self.jitter_frames, self.jitter_frames + 1))

    def check(self, spec: ClipSpec) -> None:
        """Check that every window lies inside the files.

        Raises:
            UsageError: If one does not.
        """
        furthest = max(self.jitter_frames, *map(abs, self.view_shifts()), 0)
        first, last = self.frames(spec, shift=-furthest)[0], self.frames(spec, shift=furthest)[-1]
        if first < 0 or last >= spec.num_frames:
            raise UsageError(
                f"{self.num_frames} frames at stride {self.frame_stride}, moved by up to {furthest}, do not fit into "
                f"clips of {spec.num_frames} frames: lower num_frames, frame_stride, jitter_frames or num_test_views"
            )


@dataclass(eq=False)
class EpochSampler(Sampler[int]):
    """Give every clip once an epoch, as the index `epoch * num_clips + clip`.

    The epoch travels inside the index, so a worker that was started in an earlier epoch still knows it. Lightning calls
    `set_epoch`. With several processes each takes every `num_replicas`-th index (run the Trainer with
    `use_distributed_sampler=False`); the first ones are repeated until all have as many.
    """

    num_clips: int
    seed: int = 0
    num_replicas: int = 1
    rank: int = 0
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration shows."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.num_clips // self.num_replicas)

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.num_clips)
        order = np.resize(order, len(self) * self.num_replicas)
        yield from (self.epoch * self.num_clips + order[self.rank :: self.num_replicas]).tolist()
