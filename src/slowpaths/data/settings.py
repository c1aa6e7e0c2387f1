"""What a network is shown: clips, windows, augmentation and the split, with their defaults and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from slowpaths.core.errors import UsageError

Targets = Literal["labels", "features", "none"]
"""What is learnt: labels, features that mining measured, or nothing where footage is only predicted."""
FRACTIONS = (0.7, 0.15, 0.15)  # of train, val and test


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSettings:
    """Hold how clips are read, shown and divided.

    Args:
        batch_size: Clips a batch and device; auto for the most that fit a GPU, in powers of two, or 8 on a CPU.
        num_workers: Loader processes; 0 loads in the training process.
        num_frames: Frames of the fast pathway; 32 are 1.28 s at 25 fps, the stroke window.
        frame_stride: Step between them in the file.
        alpha: Fast frames to a slow one, as the network wants them.
        crop_px: Side of the picture the network sees, pixels.
        read_px: Side at which clips are decoded, pixels; None for the side of the files.
        jitter_frames: Largest shift of the window in training, either way.
        num_test_views: Views of a clip in prediction, each moved by two frames; 30 are 10 such, each cut left, centre
            and right.
        crop_scale: Smallest and largest share of the picture that training cuts; see `train_transform`.
        colour_jitter: Largest relative change of brightness, contrast and saturation.
        hue_jitter: Largest turn of the hue, share of a full turn.
        grey_p: Probability that a clip loses its colours.
        flip_p: Probability of a horizontal flip; clips are mirrored to right-handers, and a flip would undo that.
        gold_only: Whether clips that no person labelled are left out of training and validation.
        weight_power: A clip weighs its confidence to this power in the loss (0: all alike).
        fractions: Shares of train, val and test, of whole matches.
        num_folds: Number of cross-validation folds; 0 splits by `fractions`.
        fold: Which fold is tested, where there are folds.
        test_matches: Names of matches that are tested and never learnt from, such as [h*]; the others are then divided
            by the shares of train and val.
        max_train_clips: Most clips to learn from, drawn by the seed, fewer being a part of more; None takes all.
        cache_mib: Memory for decoded clips, MiB, shared out over the workers.
        backend: Decoder, as for `video.open.open_video`.

    Raises:
        UsageError: If a value is out of range.
    """

    batch_size: int | Literal["auto"] = 8
    num_workers: int = 2
    num_frames: int = 32
    frame_stride: int = 1
    alpha: int = 4
    crop_px: int = 224
    read_px: int | None = None
    jitter_frames: int = 3
    num_test_views: int = 3
    crop_scale: tuple[float, float] = (0.6, 1.0)
    colour_jitter: float = 0.4
    hue_jitter: float = 0.0
    grey_p: float = 0.0
    flip_p: float = 0.0
    gold_only: bool = False
    weight_power: float = 1.0
    fractions: tuple[float, float, float] = FRACTIONS
    num_folds: int = 0
    fold: int = 0
    test_matches: tuple[str, ...] = ()
    max_train_clips: int | None = None
    cache_mib: float = 0.0
    backend: str = "auto"

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if (value := getattr(self, name)) not in (None, "auto") and not value >= least:
                raise UsageError(f"data.{name}={value} is too small: give at least {least}")
        for name, most in _MOST.items():
            if (value := getattr(self, name)) is not None and value > most:
                raise UsageError(f"data.{name}={value} is too large: give at most {most}")
        if self.num_frames < self.alpha:
            raise UsageError(
                f"data.num_frames={self.num_frames} leaves the slow pathway empty: give at least alpha, {self.alpha}"
            )
        scale, fractions = self.crop_scale, self.fractions
        if len(scale) != 2 or not 0 < scale[0] <= scale[1] <= 1:
            raise UsageError(
                f"data.crop_scale={list(scale)} is no range of shares: give two, 0 < smallest <= largest <= 1"
            )
        if len(fractions) != 3 or not fractions[0] > 0 or not min(fractions) >= 0 or not sum(fractions) < float("inf"):
            raise UsageError(
                f"data.fractions={list(fractions)} needs three shares (train, val, test) with train above 0: "
                "give such as [0.7,0.15,0.15]"
            )
        for name, most in (("flip_p", 1), ("grey_p", 1), ("colour_jitter", 1), ("hue_jitter", 0.5)):
            if not 0 <= getattr(self, name) <= most:
                raise UsageError(f"data.{name}={getattr(self, name)} is no share: give a number from 0 to {most}")
        if self.num_folds and self.test_matches:
            raise UsageError("data.test_matches and data.num_folds both say what is tested: give one of them")
        if self.num_folds and not 0 <= self.fold < self.num_folds:
            raise UsageError(f"data.fold={self.fold} is no fold: give 0 to {self.num_folds - 1}")

    @property
    def clips_a_batch(self) -> int:
        """Return the batch size; auto is a number before clips are loaded."""
        assert isinstance(self.batch_size, int)
        return self.batch_size

    def shown(self, *, fps: float) -> dict[str, Any]:
        """Return what a clip must look like for a network trained so, plain values that a checkpoint carries."""
        names = ("num_frames", "frame_stride", "alpha", "crop_px", "read_px")
        return {"fps": float(fps), **{name: getattr(self, name) for name in names}}


_LARGEST_CLIP_PX = 2160  # of a mined clip
_MOST = {
    "crop_px": _LARGEST_CLIP_PX,
    "read_px": _LARGEST_CLIP_PX,
    "num_workers": 1024,
    "cache_mib": 2**30,  # more than any machine has
    "weight_power": 100,  # beyond it every weight is 0
}
_LEAST = {
    **dict.fromkeys(("batch_size", "num_frames", "frame_stride", "alpha", "crop_px", "read_px"), 1),
    **dict.fromkeys(("num_test_views", "max_train_clips"), 1),
    **dict.fromkeys(("num_workers", "jitter_frames", "weight_power", "num_folds", "cache_mib"), 0),
}
