"""`slowpaths review`: a page on which a person sees every clip beside its label, its votes and their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.core.errors import UsageError
from slowpaths.review.deck import read_deck
from slowpaths.review.page import write_page
from slowpaths.store.mined_folder import MinedFolder

_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewConfig:
    """Configure `slowpaths review`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        predictions: A model's predictions on it, shown beside the labels.
        out: An HTML file or a folder; review.html in the mined folder where not given.
        embed: Clips inside the page: auto (where they fit), always, never.
        embed_limit_mb: What fits, megabytes of clips.
        max_cards: Of a larger set every second, third ... delivery is shown.
    """

    mined: Path
    predictions: Path | None = None
    out: Path | None = None
    embed: Literal["auto", "always", "never"] = "auto"
    embed_limit_mb: float = 32
    max_cards: int = 5000

    def __post_init__(self) -> None:
        if self.max_cards < 1:
            raise UsageError(f"max_cards={self.max_cards} shows nothing: give 1 or more")


def run(cfg: DictConfig) -> Outcome:
    """Write the review page of `mined=`."""
    config = plain(cfg)
    mined = Path(config["mined"])
    predictions = Path(config["predictions"]) if config["predictions"] else None
    deck = read_deck(mined, predictions=predictions, max_cards=config["max_cards"])
    path = _page_path(mined, config["out"])
    embedding = write_page(deck, path, embed=config["embed"], limit_mb=config["embed_limit_mb"])
    rows = [
        ("deliveries", deck.num_deliveries),
        ("  on the page", len(deck.cards)),
        ("  with a clip", len(deck.clips)),
        ("  kept for training", sum(deck.kept.values())),
        ("  with votes in conflict", sum(card.conflict > 0 for card in deck.cards)),
    ]
    if predictions:
        rows.append(("  with a model's opinion", sum(card.model is not None for card in deck.cards)))
    show_table("slowpaths review", ["what", "count"], [*rows, ("clips", embedding.reason)], wrote=[path])
    return Outcome(metrics={"cards": float(len(deck.cards))})


def _page_path(mined: Path, out: str | None) -> Path:
    """Return the file of the page: `out=` where it names an HTML file, else `review.html` in that folder."""
    if not out:
        return MinedFolder(mined).review_file
    path = Path(out)
    return path if path.suffix.lower() in _SUFFIXES else MinedFolder(path).review_file
