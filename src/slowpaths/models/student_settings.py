"""Settings of the sequence student; apart from it, so that reading them loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from slowpaths.core.errors import UsageError
from slowpaths.core.text import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentSettings:
    """Configure the student.

    Args:
        use: Whether it is asked at all.
        min_deliveries: Fewer deliveries with a sequence, those of `company` counted, teach nothing: it stays off.
        folds: Parts; a network is taught on the matches of all others, and asked about this one.
        repeats: Networks a part, averaged.
        epochs: Times each sequence is seen.
        batch_size: Sequences of a batch.
        lr: Highest learning rate of the one-cycle schedule.
        weight_decay: Of AdamW.
        sharpness: Power of the opinions it is taught; above 1 it is taught surer ones.
        dropout: Of the network.
        rounds: Times it is taught; in the second round by what it said in the first and by the teacher.
        use_class_prior: Whether strokes have the shares of `label_model.class_prior` in what it is taught.

    Raises:
        UsageError: If a number cannot be.
    """

    use: bool = True
    min_deliveries: int = 200
    folds: int = 4
    repeats: int = 2
    epochs: int = 22
    batch_size: int = 64
    lr: float = 3e-3
    weight_decay: float = 1e-2
    sharpness: float = 1.25
    dropout: float = 0.4
    rounds: int = 1
    use_class_prior: bool = False

    def why_silent(self, *, num_deliveries: int, num_sequences: int, num_matches: int) -> str:
        """Return why there is too little to learn from, in words; "" where there is enough.

        Args:
            num_deliveries: Deliveries at hand.
            num_sequences: Those with a pose sequence.
            num_matches: Matches that these come from.
        """
        if num_deliveries < self.min_deliveries:
            has = f"{counted(num_deliveries, 'delivery is', 'deliveries are')} at hand"
            return f"{has}, and it learns from {self.min_deliveries} or more (student.min_deliveries)"
        if not num_sequences:
            return "no delivery has a pose sequence to learn from"
        if num_sequences < self.min_deliveries:
            has = f"{counted(num_sequences, 'delivery has', 'deliveries have')} a pose sequence"
            return f"{has}, and it learns from {self.min_deliveries} or more (student.min_deliveries)"
        if num_matches < self.folds:
            has = f"deliveries come from {counted(num_matches, 'match', 'matches')}"
            return f"{has}, and it learns from {self.folds} or more (student.folds)"
        return ""

    def __post_init__(self) -> None:
        for name, least in (("min_deliveries", 8), ("folds", 2), ("repeats", 1), ("epochs", 1), ("batch_size", 2)):
            if getattr(self, name) < least:
                raise UsageError(f"student.{name}={getattr(self, name)}: it is at least {least}")
        if self.rounds not in (1, 2):
            raise UsageError(f"student.rounds={self.rounds}: it is taught once or twice, give 1 or 2")
        for name in ("lr", "sharpness"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"student.{name}={getattr(self, name)}: it is a number above 0")
        if not 0 <= self.dropout < 1 or not 0 <= self.weight_decay < float("inf"):
            raise UsageError("student.dropout lies in 0 to 1, student.weight_decay is at least 0")
