"""Do pretrained weights help more, the more labels are wrong? A head over frozen SlowFast features, noise added.

usage: python -m scripts.starts_under_noise [--out runs/starts] [--matches 8] [--epochs 8] [--draws 5]

Films and mines matches, pretrains SlowFast on their clips without a label, and fits a logistic regression to what each
start sees of a clip: to true strokes of which a share is replaced, at random or each stroke always by the same other
one. It names the strokes of matches that it has not seen. A quarter of an hour on one core; run it again to go on.

Legend: N clips, D features, M matches.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scripts.commands import slowpaths
from scripts.true_labels import true_labels
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings
from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.intervals import jackknife, leave_out, weighted_mean
from slowpaths.evaluation.measure import Table
from slowpaths.models.ema import network_input
from slowpaths.models.heads import logits_and_features
from slowpaths.models.initialisation import load_initialisation
from slowpaths.models.slowfast import build_slowfast
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import write_text
from slowpaths.store.world_folder import WorldFolder

RANDOM, SHIPPED = "random weights", "features of other footage"
OBJECTIVES = {"MoCo": "moco", "BYOL": "byol", "SF-XT": "composition"}  # start -> objective= of `slowpaths pretrain`
STARTS = (RANDOM, *OBJECTIVES, SHIPPED)
KINDS = ("at random", "systematic")
NOISE = (0.0, 0.2, 0.4, 0.6)  # share of the training labels that is replaced
FOLDS = 4
COLOURS = ("data.colour_jitter=0.4", "data.hue_jitter=0", "data.grey_p=0")  # the committed tables are of these
SEED = 41  # of the world, which nothing else uses
# As configs/experiment/demo.yaml shows clips, and configs/model/slowfast_tiny.yaml builds the network.
SHOWN = ClipSettings(
    num_frames=16, frame_stride=2, crop_px=64, read_px=80, batch_size=16, num_workers=0, num_test_views=1
)  # fmt: skip
NETWORK = {
    "num_classes": NUM_STROKES, "depth": 18, "width": 16, "channel_ratio": 4, "fusion_kernel": 5, "alpha": 4,
    "dropout": 0.0,
}  # fmt: skip


def seen(mined: Path, weights: str | None) -> dict[str, np.ndarray]:
    """Return what SlowFast with these weights sees of the clip of every delivery (D,)."""
    torch.manual_seed(0)
    network: nn.Module = build_slowfast(**NETWORK).eval()
    if weights is not None:
        load_initialisation(network, weights)
    data = ClipDataModule(mined=mined, settings=SHOWN, targets="none")
    data.setup()
    found, clips = {}, list(data.clips())
    with torch.inference_mode():
        for batch in data.predict_dataloader():
            pooled_BD = logits_and_features(network, network_input(batch))[1].double().numpy()
            found |= {clips[row].delivery_id: own for row, own in zip(batch.index_B.tolist(), pooled_BD, strict=True)}
    return found


def noisy(true_N: np.ndarray, *, kind: str, share: float, rng: np.random.Generator) -> np.ndarray:
    """Replace a share of the labels, by others drawn as often as they are played, or always by the same other one.

    Example:
        >>> true_N = np.array([0, 1, 2] * 100)
        >>> wrong_N = noisy(true_N, kind="systematic", share=1.0, rng=np.random.default_rng(0))
        >>> sorted(set(zip(true_N.tolist(), wrong_N.tolist())))
        [(0, 1), (1, 2), (2, 0)]
    """
    names = np.unique(true_N)
    order = rng.permutation(len(names))
    partner = {int(names[order[at]]): int(names[order[at - 1]]) for at in range(len(names))}
    drawn_N = rng.choice(true_N, size=len(true_N))
    while (same_N := drawn_N == true_N).any():
        drawn_N[same_N] = rng.choice(true_N, size=int(same_N.sum()))
    other_N = drawn_N if kind == KINDS[0] else np.array([partner[int(stroke)] for stroke in true_N])
    is_wrong_N = rng.permutation(len(true_N)) < round(share * len(true_N))
    return np.where(is_wrong_N, other_N, true_N)


def right(
    seen_ND: np.ndarray, true_N: np.ndarray, match_N: np.ndarray, *, kind: str, share: float, draw: int
) -> np.ndarray:
    """Return whether the head names each clip right that learnt from noisy labels of other matches (N,)."""
    right_N = np.zeros(len(true_N))
    for fold, (learnt, tested) in enumerate(GroupKFold(FOLDS).split(seen_ND, groups=match_N)):
        rng = np.random.default_rng((SEED, draw, fold))
        label_N = noisy(true_N[learnt], kind=kind, share=share, rng=rng)
        head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        right_N[tested] = head.fit(seen_ND[learnt], label_N).predict(seen_ND[tested]) == true_N[tested]
    return right_N


def tables(right_of: dict[tuple[str, str, float], np.ndarray], true_N: np.ndarray, match_N: np.ndarray) -> list[Table]:
    """Return the share named right by start and noise, and what it is above random weights, intervals over matches."""
    weights_BN = leave_out(match_N)
    constant = float(np.bincount(true_N).max() / len(true_N))
    shares: Table = []
    more: Table = []
    for (start, kind, noise), right_N in right_of.items():
        shared = {"start": start, "kind": kind, "noise": noise}
        shares.append(shared | _numbers("right", weighted_mean(right_N, weights_BN)) | {"constant": constant})
        if start != RANDOM:
            above_N = right_N - right_of[RANDOM, kind, noise]
            more.append(shared | _numbers("above_random", weighted_mean(above_N, weights_BN)))
    return [shares, more]


def _numbers(name: str, values_B: np.ndarray) -> dict[str, float]:
    interval = jackknife(values_B)
    low, high = (interval.low, interval.high) if interval else (float("nan"), float("nan"))
    return {name: float(values_B[0]), "low": low, "high": high}


def main() -> None:
    """Film, mine, pretrain, fit heads, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/starts"))
    parser.add_argument("--matches", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=8, help="of each pretraining")
    parser.add_argument("--draws", type=int, default=5, help="of the wrong labels")
    parser.add_argument("--results", type=Path, default=Path("experiments/starts_under_noise/results"))
    asked = parser.parse_args()
    world, mined = asked.out / "world", asked.out / "mined"
    part = (f"world.parts.d.num_matches={asked.matches}", f"world.parts.d.num_batters={3 * asked.matches}")
    slowpaths("world", "world=demo", f"seed={SEED}", *part, f"out={world}")
    slowpaths("mine", f"footage={world}", f"out={mined}", "pose=simulated")
    weights: dict[str, str | None] = {RANDOM: None, SHIPPED: "slowfast_tiny_features"}
    for start, objective in OBJECTIVES.items():
        run = RunFolder(asked.out / objective)
        if not run.backbone.exists():
            how = ("experiment=ssl_tiny", *COLOURS, f"objective={objective}", f"trainer.max_epochs={asked.epochs}")
            slowpaths("pretrain", f"mined={mined}", *how, f"out={run.path}")
        weights[start] = str(run.backbone)
    rows = true_labels(MinedFolder(mined).file(LABELS), WorldFolder(world).truth.strokes_file).to_pylist()
    rows = [row for row in rows if row["is_kept"]]  # those that lie near a true ball
    true_N = np.array([STROKES.index(row["label"]) for row in rows])
    match_N = np.array([row["match_id"] for row in rows])
    right_of: dict[tuple[str, str, float], np.ndarray] = {}
    for start in STARTS:
        of = seen(mined, weights[start])
        seen_ND = np.array([of[row["delivery_id"]] for row in rows])
        for kind in KINDS:
            for noise in NOISE:
                drawn = [
                    right(seen_ND, true_N, match_N, kind=kind, share=noise, draw=draw) for draw in range(asked.draws)
                ]
                right_of[start, kind, noise] = np.mean(drawn, axis=0)
    for name, table in zip(("shares", "above_random"), tables(right_of, true_N, match_N), strict=True):
        write_text(asked.results / f"{name}.csv", to_csv(table))


if __name__ == "__main__":
    main()
