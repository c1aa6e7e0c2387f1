"""`slowpaths review`: a page on which a person sees every clip beside its label, its votes and their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._export import export
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._overlay import skeletons
from slowpaths.apps.verbs import ReviewConfig
from slowpaths.evaluation.measures.review import CLIP_S, OVERHEAD_S
from slowpaths.review.deck import read_deck
from slowpaths.review.page import write_page
from slowpaths.review.queue import Next, next_to_review
from slowpaths.store.mined_folder import MinedFolder


def run(cfg: DictConfig) -> Outcome:
    """Write the review page of `mined=`."""
    config = _values.build(ReviewConfig, plain(cfg))
    if config.to != "page" and config.out:
        return _export(config.mined, config.to, config.out)
    folder = MinedFolder(config.mined)
    queue = next_to_review(folder.labels(), config.next) if config.next else []
    shown = {"predictions": config.predictions, "max_cards": config.max_cards, "draw": skeletons}
    deck = read_deck(config.mined, first=[one.clip.delivery_id for one in queue], **shown)
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
    if queue:
        _show_next(queue)
    show_table("slowpaths review", ["what", "count"], [*rows, ("clips", embedding.reason)], wrote=[path])
    return Outcome(metrics={"cards": float(len(deck.cards))})


def _export(mined: Path, target: str, out: Path) -> Outcome:
    files, notes = export(mined, target, out)
    rows = [(path.name, path.stat().st_size) for path in files]
    show_table(f"slowpaths review to={target}", ["file", "bytes"], rows, notes=notes, wrote=[out])
    return Outcome(metrics={"files": float(len(files))})


def _show_next(queue: Sequence[Next]) -> None:
    rows = [
        (
            number,
            one.clip.video,
            f"{one.clip.impact_s:.2f}",
            one.clip.label,
            f"{one.clip.confidence:.2f}",
            f"{one.gain:.2f}",
        )
        for number, one in enumerate(queue, start=1)
    ]
    minutes = len(queue) * (CLIP_S + OVERHEAD_S) / 60
    wrong = sum(1 - one.clip.confidence for one in queue)
    notes = [
        f"about {minutes:.1f} minutes at {CLIP_S + OVERHEAD_S:g} s a clip",
        f"by their own confidence {wrong:.1f} of these {len(queue)} labels are wrong",
        "they are the unsure and the unlike: what is found on them is no estimate for the whole set",
    ]
    show_table("to look at next", ["", "video", "impact s", "label", "confidence", "gain"], rows, notes=notes)
