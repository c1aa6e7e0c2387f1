from __future__ import annotations

from tests.models.training import classifier

from slowpaths.models.card import CardFacts, model_card


def facts(verb: str, **changes) -> CardFacts:
    known = {
        "verb": verb,
        "command": "slowpaths train mined=a|b",
        "checkpoint": "best.ckpt",
        "data": "runs/mine",
        "sources": {"label set": "0a1b2c"},
        "counts": {"train": 7, "val": 2, "test": 3},
        "metrics": {"val/top1": 0.51234},
        "warning": "Measured against weak labels.",
    }
    return CardFacts(**{**known, **changes})


def test_a_card_is_filled_from_the_run() -> None:
    model = classifier(clip={"fps": 25.0, "num_frames": 8}, initialisation="slowfast_tiny_features", seed=5)
    card = model_card(model, facts("train"))
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
    card = model_card(classifier(), facts("pretrain", metrics={}))
    assert "| metric |" not in card
    assert "| initialisation | none: random weights |" in card
    assert "names no stroke" in card
