from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.models.training import classifier

from slowpaths.models.card import model_card, write_cards
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.store.run_folder import RunFolder


def card_of(model: StrokeClassifier, verb: str, **changes: Any) -> str:
    known: dict[str, Any] = {
        "verb": verb,
        "command": "slowpaths train mined=a|b",
        "checkpoint": "best.ckpt",
        "data": "runs/mine",
        "sources": {"label set": "0a1b2c"},
        "counts": {"train": 7, "val": 2, "test": 3},
        "metrics": {"val/top1": 0.51234},
        "warning": "Measured against weak labels.",
    }
    return model_card(model, **{**known, **changes})


def test_a_card_is_filled_from_the_run() -> None:
    model = classifier(clip={"fps": 25.0, "num_frames": 8}, initialisation="slowfast_tiny_features", seed=5)
    card = card_of(model, "train")
    size = sum(parameter.numel() for parameter in model.network.parameters()) / 1e6
    for text in (
        "# Model card: `best.ckpt` of `slowpaths train`",
        "build_slowfast` (channel_ratio 4, depth 18, fusion_kernel 5, width 8)",
        f"{size:.2f} million parameters",
        "| initialisation | `slowfast_tiny_features` |",
        "| input | fps 25.0, num_frames 8 |",
        "7 to train, 2 to val, 3 to test",
        "| label set | `0a1b2c` |",
        "seed 5",
        "mined=a\\|b",
        "| val/top1 | 0.5123 |",
        "weak labels",
    ):
        assert text in card, text


def test_a_card_without_validation_claims_no_number() -> None:
    card = card_of(classifier(), "pretrain", metrics={})
    assert "| metric |" not in card
    assert "| initialisation | none: random weights |" in card
    assert "names no stroke" in card


def test_a_card_tells_of_each_stroke_of_views_and_of_calibration() -> None:
    rows = [
        {"stroke": "cut", "labelled": "4", "precision": "0.500"},
        {"stroke": "leave", "labelled": "0", "precision": ""},
    ]
    card = card_of(classifier(), "train", per_class=rows, notes=["**Calibration.** Not fitted."])
    assert "| stroke | labelled | precision |" in card and "| cut | 4 | 0.500 |" in card
    assert card.index("| cut |") < card.index("**Calibration.** Not fitted.") < card.index("**Limits.**")
    assert "**Strokes" not in card_of(classifier(), "train")


def test_a_run_whose_last_epoch_is_kept_has_one_card(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    about: dict[str, Any] = {"verb": "train", "command": "", "data": "", "sources": {}, "counts": {}, "warning": ""}
    write_cards(folder, classifier(), kept=folder.last_checkpoint, measured={"metrics": {"a": 1.0}}, last={}, **about)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")] == ["checkpoints/CARD.md"]
    assert "`last.ckpt`" in folder.model_card.read_text() and "| a | 1 |" in folder.model_card.read_text()
