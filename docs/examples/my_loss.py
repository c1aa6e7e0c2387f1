"""A loss of your own: `loss.function._target_=my_loss.symmetric_cross_entropy`."""

from torch import Tensor
from torch.nn import functional as F


def symmetric_cross_entropy(logits: Tensor, probs: Tensor, *, alpha: float = 0.1, beta: float = 1.0) -> Tensor:
    """Return one loss a clip (B,): cross-entropy both ways round (Wang et al. 2019, arXiv 1908.06112).

    Args:
        logits: Logits (B, 14).
        probs: Target distributions (B, 14).
        alpha: Weight of the usual direction.
        beta: Weight of the reverse direction, which wrong labels pull less.
    """
    log_predicted = F.log_softmax(logits, dim=1)
    usual = -(probs * log_predicted).sum(dim=1)
    reverse = -(log_predicted.exp() * probs.clamp_min(1e-4).log()).sum(dim=1)
    return alpha * usual + beta * reverse
