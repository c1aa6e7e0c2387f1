"""`slowpaths review`: a page on which a person sees every clip beside its label, its votes and their evidence."""

from __future__ import annotations

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs import ReviewConfig
from slowpaths.review.deck import read_deck
from slowpaths.review.page import write_page
from slowpaths.store.mined_folder import MinedFolder


def run(cfg: DictConfig) -> Outcome:
    """Write the review page of `mined=`."""
    config = _values.build(ReviewConfig, plain(cfg))
    deck = read_deck(config.mined, predictions=config.predictions, max_cards=config.max_cards)
    path = config.out or config.mined
    path = path if config.out and path.suffix.lower() in (".html", ".htm") else MinedFolder(path).review_file
    embedding = write_page(deck, path, embed=config.embed, limit_mb=config.embed_limit_mb)
    rows = [
        ("deliveries", deck.num_deliveries),
        ("  on the page", len(deck.cards)),
        ("  with a clip", len(deck.clips)),
        ("  kept for training", sum(deck.kept.values())),
        ("  with votes in conflict", sum(card.conflict > 0 for card in deck.cards)),
    ]
    if config.predictions:
        rows.append(("  with a model's opinion", sum(card.model is not None for card in deck.cards)))
    show_table("slowpaths review", ["what", "count"], [*rows, ("clips", embedding.reason)], wrote=[path])
    return Outcome(metrics={"cards": float(len(deck.cards))})
