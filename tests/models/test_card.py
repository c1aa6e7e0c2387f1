from __future__ import annotations

from typing import Any

from tests.models.training import classifier

from slowpaths.models.card import model_card
from slowpaths.models.classifier import StrokeClassifier


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
