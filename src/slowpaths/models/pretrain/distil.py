"""From pose to pixels: what was read off the skeleton of a clip is taught to a network that sees its pixels.

Video pose distillation, Hong et al. 2021, arXiv 2109.01305: pose fails where the batter is small or hidden, and pixels
do not need it once they have learnt from the clips where it was sure. The teacher is the label posterior, in which the
pose-sequence student has its voice, the student alone, or the features that mining measured.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import NUM_STROKES
from slowpaths.models.losses import soft_cross_entropy
from slowpaths.models.pretrain.features import known_loss
from slowpaths.models.pretrain.part import Part, Sizes, Views

STUDENT = "student"  # its name among the voices of a mined folder


class Distil(Part):
    """Learn what a teacher says of a clip, where it is confident.

    Args:
        sizes: What it is built for.
        weight: Weight in the sum.
        teacher: Label posterior, what the pose-sequence student says alone, or measured features (unknown ones are
            passed over).
        min_confidence: Least probability of its likeliest stroke at which a posterior counts.
    """

    name = "distil"

    def __init__(
        self,
        *,
        sizes: Sizes,
        weight: float = 1.0,
        teacher: Literal["posterior", "student", "features"] = "posterior",
        min_confidence: float = 0.5,
    ) -> None:
        super().__init__(weight=weight)
        if teacher not in ("posterior", STUDENT, "features"):
            raise UsageError(
                f"objective.parts.distil.teacher={teacher} is unknown: give posterior, student or features"
            )
        if teacher == "features" and not sizes.features:
            raise UsageError("the clips carry no features to distil: mine with a pose backend, or teacher=posterior")
        self.refuse(min_confidence=min_confidence, least=0.0)
        self.teacher, self.min_confidence = teacher, min_confidence
        outputs = len(sizes.features) if teacher == "features" else NUM_STROKES
        self.heads["teacher"] = nn.Linear(sizes.slow + sizes.fast, outputs)

    def forward(self, views: Views) -> Tensor:
        """Return the mean over what is known."""
        found = self.heads["teacher"](views.online.both_VD).float()
        if self.teacher == "features":
            return known_loss(found, views.batch.features_BF)
        return confident_loss(found, views.batch.probs_BC, min_confidence=self.min_confidence)


def confident_loss(logits_BC: Tensor, probs_BC: Tensor, *, min_confidence: float) -> Tensor:
    """Return the soft cross-entropy over clips whose likeliest class has at least this probability; 0 without any.

    Example:
        >>> import torch
        >>> confident_loss(torch.zeros(2, 2), torch.tensor([[1.0, 0.0], [0.5, 0.5]]), min_confidence=0.9)
        tensor(0.6931)
    """
    counts_B = (probs_BC.amax(dim=1) >= min_confidence).float()
    return (soft_cross_entropy(logits_BC, probs_BC) * counts_B).sum() / counts_B.sum().clamp_min(1)
