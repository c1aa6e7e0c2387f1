"""`slowpaths review`: a page on which a person sees every clip beside its label, its votes and their evidence."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps.console import show_table
from slowpaths.apps.launch import Outcome, plain, require
from slowpaths.core.errors import UsageError
from slowpaths.review.deck import read_deck
from slowpaths.review.page import PAGE, write_page

_SUFFIXES = (".html", ".htm")


def run(cfg: DictConfig) -> Outcome:
    """Write the review page of `mined=`."""
    require(cfg, "review", "mined")
    config = plain(cfg)
    mined = Path(config["mined"])
    predictions = Path(config["predictions"]) if config["predictions"] else None
    limit_mb, max_cards = _number(config, "embed_limit_mb"), _number(config, "max_cards")
    if max_cards < 1:
        raise UsageError(f"max_cards={max_cards:g} shows nothing: give 1 or more")
    deck = read_deck(mined, predictions=predictions, max_cards=int(max_cards))
    path = _page_path(mined, config["out"])
    carriage = write_page(deck, path, embed=config["embed"], limit_mb=limit_mb)
    rows = [
        ("deliveries", deck.num_deliveries),
        ("  on the page", len(deck.cards)),
        ("  with a clip", len(deck.clips)),
        ("  kept for training", sum(deck.kept.values())),
        ("  with votes in conflict", sum(card.conflict > 0 for card in deck.cards)),
    ]
    if predictions:
        rows.append(("  with a model's opinion", sum(card.model is not None for card in deck.cards)))
    show_table("slowpaths review", ["what", "count"], [*rows, ("clips", carriage.reason)], wrote=[path])
    return Outcome(metric=float(len(deck.cards)))


def review_mined(mined: Path) -> Path:
    """Write the review page that `mine` and `label` leave in a mined folder.

    Returns:
        The page.
    """
    write_page(read_deck(mined), mined / PAGE)
    return mined / PAGE


def _page_path(mined: Path, out: str | None) -> Path:
    """Return the file of the page: `out=` where it names an HTML file, else `review.html` in that folder."""
    if not out:
        return mined / PAGE
    path = Path(out)
    return path if path.suffix.lower() in _SUFFIXES else path / PAGE


def _number(config: dict[str, object], key: str) -> float:
    value = config[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"{key}={value} is not a number")
    return float(value)
