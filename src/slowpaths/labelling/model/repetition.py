"""How far the evidence of each rule counts: rules that repeat each other share one weight.

Label models take rules as independent given the stroke, so a rule that stands there twenty times outvotes all others.
As sequences that resemble each other are weighed down in models of protein families (Morcos et al. 2011, doi
10.1073/pnas.1111471108), a rule counts as one over the number of rules that say what it says; there a pair counts
whole from four fifths alike, here by the cube of the share of votes that are alike, so that copies with a fifth of
their votes changed are weighed down too. A rule that never votes has shown nothing of what its silence means, and
counts for nothing.
"""

from __future__ import annotations

import numpy as np

from slowpaths.labelling.model.encoding import Encoding

_POWER = 3  # rules that look at one cue agree on .3 to .5 of their votes: a cube of that hardly weighs them down


def repetition_weights(encoding: Encoding) -> np.ndarray:
    """Return the share of its evidence that counts for each rule (R,).

    Two votes are alike where they stand for the same set of strokes; their share is of the deliveries on which either
    rule votes.
    """
    is_cast_NS = (encoding.cast_NS > 0).astype(np.float32)
    together_SS = (is_cast_NS.T @ is_cast_NS).astype(np.float64)
    means_same_SS = (encoding.sets_SC[:, None] == encoding.sets_SC).all(axis=2)
    alike_RR, both_RR = (
        encoding.by_rule(encoding.by_rule(counts_SS).T) for counts_SS in (together_SS * means_same_SS, together_SS)
    )
    votes_R = np.diag(both_RR)
    either_RR = votes_R[:, None] + votes_R - both_RR
    share_RR = np.divide(alike_RR, either_RR, out=np.eye(len(votes_R)), where=either_RR > 0)
    return (votes_R > 0) / (share_RR**_POWER).sum(axis=1)
