"""Balanced accuracy while a network trains: the mean recall of `evaluation`'s measure of that name.

Legend: C classes.
"""

from __future__ import annotations

from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix


class BalancedAccuracy(MulticlassConfusionMatrix):
    """Mean recall over the classes that occur in labels; NaN without any.

    Macro accuracy of torchmetrics counts a class without labels that is named once as recall 0.

    Example:
        >>> import torch
        >>> BalancedAccuracy(4)(torch.tensor([0, 0, 1, 3]), torch.tensor([0, 0, 1, 1])).item()
        0.75
    """

    is_differentiable = False
    higher_is_better = True

    def compute(self) -> Tensor:
        """Return the mean."""
        confusion_CC = super().compute()  # labels, then predictions
        labels_C = confusion_CC.sum(dim=1)
        return (confusion_CC.diagonal() / labels_C)[labels_C > 0].mean()
