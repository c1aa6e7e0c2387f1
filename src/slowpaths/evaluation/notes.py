"""What a reader must know before the numbers, one sentence each."""

from __future__ import annotations

from slowpaths.evaluation.intervals import MIN_MATCHES
from slowpaths.evaluation.measure import NotMeasured
from slowpaths.evaluation.prediction_table import Predictions
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import ALL, MIN_DELIVERIES

ENOUGH_MATCHES = 30
_ROUNDED = 1e-4  # sums that miss 1 by more were rounded by somebody


def notes_on(counts: dict[str, int], rows: Predictions, sample: Sample) -> list[str]:
    """Return what is to be said of a comparison."""
    pairing, num, repeated = sample.pairing, counts["matches"], _repeated(rows)
    known = [item for item in pairing.truths if item is not None]
    is_named = any(item.match_id for item in known)
    unit = "matches" if is_named else "matches or videos"
    said = (
        (True,
         "{graded} deliveries of {matches} " + unit + " have both a prediction and a true stroke; {false} predictions "
         "belong to no true delivery, {missed} true deliveries were missed, {outside_taxonomy} are strokes outside the "
         "truth's taxonomy."),
        (num < MIN_MATCHES,
         f"Only {num} labelled {unit} (fewer than {MIN_MATCHES}): no interval can be given."),
        (MIN_MATCHES <= num < ENOUGH_MATCHES,
         f"Only {num} labelled {unit} (fewer than {ENOUGH_MATCHES}): the intervals are wide; do not rank systems by "
         "these numbers."),
        (bool(known) and not is_named,
         "Truth names no match_id: where the predictions name none either, each video counts as a match of its own, "
         "and intervals are too narrow where videos share a match."),
        (counts["replays"] > 0,
         "{replays} of these are replays: they are clips to name and to watch, but no balls, so profiles, counts and "
         "what there is to find leave them out."),
        _small_groups(sample),
        (not pairing.knows_replays,
         "Truth does not say of every delivery whether it is a replay: those count as balls, and a ball that is shown "
         "twice counts twice."),
        (counts["unseen_videos"] > 0,
         "{unseen_deliveries} true deliveries lie in {unseen_videos} videos without any of these predictions and are "
         "not judged."),
        (counts["other_videos"] > 0,
         "{other_predictions} predictions lie in {other_videos} videos that truth does not mention and are not "
         "judged."),
        (repeated > 0,
         f"{repeated} predictions repeat another of the same moment in the same video: one of them is taken for the "
         "delivery, the rest are false."),
        (not rows.has_probabilities,
         "The predictions give no probabilities: the rest of each confidence is spread evenly."),
        (bool(rows.is_alone.any()),
         f"{rows.is_alone.sum()} predictions give no confidence and count as sure (1): measures of how sure they are, "
         "and of what is shown first, say nothing of them."),
        (bool(rows.is_raised.any()),
         f"{rows.is_raised.sum()} confidences are below 1/14, less than any other stroke would have then: they were "
         "raised to just above it, in their order. Scores of a detector are no probabilities of a stroke."),
        (rows.largest_gap > _ROUNDED,
         f"Probabilities sum to 1 only within {rows.largest_gap:.3f}, as rounded ones do: each row was rescaled."),
        (sample.prior_C is None,
         "The predictions neither say which shares of strokes they take for given nor hold training rows: expectation "
         "maximisation, which starts from them, is left out."),
        (pairing.space.columns != pairing.space.names,
         "Strokes that the truth's taxonomy does not know count as 'other', which is never right."),
    )  # fmt: skip
    return [note.format(**counts) for is_said, note in said if is_said]


def _small_groups(sample: Sample) -> tuple[bool, str]:
    """Return whether some batters (or matches) have too few balls for a profile, and what that means."""
    try:
        profiles = sample.profiles
    except NotMeasured:
        return False, ""
    kinds = "batters" if sample.pairing.has_batters else "matches"
    few = f"{profiles.num_left_out} of {profiles.num_left_out + len(profiles.names)} {kinds} have fewer than"
    if profiles.names == (ALL,):
        few = f"All {profiles.num_left_out} {kinds} have fewer than"
        then = "profiles are those of the footage as a whole"
    else:
        then = "they have no profile, and are left out where profiles are compared"
    return profiles.num_left_out > 0, f"{few} {MIN_DELIVERIES} balls: {then}."


def _repeated(rows: Predictions) -> int:
    """Return how many predictions have the moment of an earlier one."""
    moments = zip(rows.video.tolist(), map(tuple, rows.moments_P2.tolist()), strict=True)
    return len(rows) - len(set(moments))
