"""Calibrate the network that tells impacts from other instants on gold of real clips and on synthetic worlds.

usage: python -m scripts.calibration.moments --shared ../shared --worlds runs/worlds/* [--out runs/calibration/moments]
           [--write src/slowpaths/mining/weights/moments.npz]

It is shown what `scripts/calibration/strokes.py` observes. The table printed is set on one half of the clips, split by
group, and read on the other, both ways: true views and boundaries given, the striker chosen by a look now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from scripts.calibration.crossing import calibrate
from scripts.calibration.strokes import TARGET_SD_S, WATCHED, Part, peaks, report, target, watch

from slowpaths.mining.impact.instants import smooth
from slowpaths.mining.impact.moment_network import MomentNetwork

QUIET_EVERY = 4  # of instants without an impact one in so many is an example, and counts twice
WORLD_SHARE = 0.5  # of the weight of the real clips that synthetic worlds have
HIDDEN, MEMBERS, EPOCHS = 64, 6, 24


def examples(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (N, F), targets (N,) and weights (N,) of instants."""
    features, targets, weights, is_world = [], [], [], []
    for part in parts:
        for person in part.people:
            for times_s, own_GF in ((person.times_s, person.close_GF), (person.sparse_times_s, person.sparse_GF)):
                wanted = target(times_s, person.impacts_s)
                rows = np.flatnonzero((wanted > 0) | (np.arange(len(wanted)) % QUIET_EVERY == 0))
                features.append(own_GF[rows])
                targets.append(wanted[rows])
                weights.append(np.where(wanted[rows] > 0, 1.0, 2.0))
                is_world.append(np.full(len(rows), part.video.source == "world"))
    weight_N, world_N = np.concatenate(weights), np.concatenate(is_world)
    if world_N.any() and not world_N.all():
        weight_N[world_N] *= WORLD_SHARE * weight_N[~world_N].sum() / weight_N[world_N].sum()
    return np.concatenate(features), np.concatenate(targets), weight_N / weight_N.mean()


def fit(parts: Sequence[Part]) -> MomentNetwork:
    """Train the ensemble on some shots."""
    features_NF, target_N, weight_N = examples(parts)
    known_NF = np.where(np.isfinite(features_NF), features_NF, np.nan)
    network = MomentNetwork(
        mean_F=np.nanmean(known_NF, axis=0).astype(np.float32),
        std_F=(np.nanstd(known_NF, axis=0) + 1e-3).astype(np.float32),
        may_lack_F=np.isnan(known_NF).mean(axis=0) > 0.02,
        **dict.fromkeys(
            ("first_weights_MIH", "first_bias_MH", "second_weights_MHH", "second_bias_MH", "last_weights_MH",
             "last_bias_M"), np.zeros(0)
        ),
    )  # fmt: skip
    inputs = torch.from_numpy(network.inputs(features_NF))
    wanted, weight = (torch.from_numpy(values.astype(np.float32)) for values in (target_N, weight_N))
    members = [_train(inputs, wanted, weight, seed=seed) for seed in range(MEMBERS)]

    def stacked(layer: int, name: str) -> np.ndarray:
        values = np.stack([getattr(member[layer], name).detach().numpy() for member in members])
        return values.swapaxes(1, 2) if name == "weight" else values

    return replace(
        network,
        first_weights_MIH=stacked(1, "weight"),
        first_bias_MH=stacked(1, "bias"),
        second_weights_MHH=stacked(4, "weight"),
        second_bias_MH=stacked(4, "bias"),
        last_weights_MH=stacked(7, "weight")[..., 0],
        last_bias_M=stacked(7, "bias")[:, 0],
    )


def _train(inputs: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor, *, seed: int) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    num_inputs, batch_size, rate = inputs.shape[1], 1024, 3e-3
    network = torch.nn.Sequential(
        torch.nn.Dropout(0.1), torch.nn.Linear(num_inputs, HIDDEN), torch.nn.GELU(),
        torch.nn.Dropout(0.3), torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.GELU(),
        torch.nn.Dropout(0.3), torch.nn.Linear(HIDDEN, 1),
    )  # fmt: skip
    steps = EPOCHS * (len(inputs) // batch_size + 1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(0, len(inputs), (batch_size,))
        noisy = inputs[rows] + 0.1 * torch.randn(batch_size, num_inputs)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            network(noisy)[:, 0], wanted[rows], weight=weight[rows]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def chosen(network: MomentNetwork, part: Part) -> int:
    """Return who is taken for the striker, by a look now and then."""
    return int(np.argmax([smooth(network(person.sparse_GF), TARGET_SD_S).max() for person in part.people]))


def measure(network: MomentNetwork, parts: Sequence[Part]) -> list[tuple[str, float, float, bool, float]]:
    """Return source, error in seconds, frame rate, whether it is the striker, and the answer, of every true stroke."""
    rows = []
    for part in parts:
        if not part.people:
            rows += [(part.video.source, np.inf, fps, False, 0.0) for _, fps in part.impacts]
            continue
        person = part.people[chosen(network, part)]
        found = peaks(person.times_s, network(person.close_GF))
        for impact_s, fps in part.impacts:
            error_s = min(abs(time_s - impact_s) for time_s, _ in found)
            rows.append((part.video.source, error_s, fps, bool(person.impacts_s), found[0][1]))
        if not part.impacts:
            rows.append((f"{part.video.source} without", np.nan, 25.0, False, found[0][1]))
    return rows


if __name__ == "__main__":
    calibrate(__doc__, name="moments", seen=WATCHED, look=watch, fit=fit, measure=measure, report=report)
