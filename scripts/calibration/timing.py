"""Calibrate the network that says when bat meets ball on gold of real clips and on synthetic worlds.

usage: python -m scripts.calibration.timing --shared ../shared --worlds runs/worlds/* [--out runs/calibration/timing]
           [--write src/slowpaths/mining/weights/timing.npz]

It is shown what `scripts/calibration/strokes.py` observes, each person from first to last sight, as seen or in a
mirror. The table printed is set on one half of the clips, split by group, and read on the other, both ways: true views
and boundaries given, and of the people the one with the best answer. Mining asks it beside the moment network.

Legend: N people, G instants, C inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.special import expit
from scripts.calibration.crossing import calibrate
from scripts.calibration.strokes import WATCHED, Part, Person, peaks, report, target, watch

from slowpaths.mining.impact.timing_inputs import NUM_BODY_INPUTS, NUM_TIMING_INPUTS
from slowpaths.mining.impact.timing_network import TAPS, TimingNetwork

WORLD_SHARE = 0.5  # of the weight of the real clips that synthetic worlds have
HIDDEN, LAYERS, MEMBERS, EPOCHS, BATCH = 48, 4, 3, 30, 16
LEARNING_RATE, WEIGHT_DECAY, MOST_GRADIENT = 3e-3, 0.02, 1.0
NOISE, DROPPED_INPUTS, DROPPED = 0.1, 0.1, 0.3
BLIND = 0.2  # how often joints, and how often the flow, of a person are not shown
GROUPS = (NUM_BODY_INPUTS, NUM_TIMING_INPUTS - NUM_BODY_INPUTS)
LENGTHS_SPREAD = 0.3  # people of about the same length are batched


class Convolutions(torch.nn.Module):
    """Answer as `TimingNetwork` does, and learn.

    The first layer reads joints and flow by itself, so that either may be hidden from it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.ModuleList([torch.nn.Conv1d(size, HIDDEN, 1) for size in GROUPS])
        self.layers = torch.nn.ModuleList(
            [
                torch.nn.Conv1d(HIDDEN, HIDDEN, TAPS, padding=TAPS // 2 * 2**layer, dilation=2**layer)
                for layer in range(LAYERS)
            ]
        )
        self.last = torch.nn.Conv1d(HIDDEN, 1, 1)
        self.hide, self.drop = torch.nn.Dropout(DROPPED_INPUTS), torch.nn.Dropout(DROPPED)

    def forward(self, inputs_NCG: torch.Tensor, is_there_NG: torch.Tensor) -> torch.Tensor:
        """Return log odds (N, G) for people whose instants are there or not."""
        mask = is_there_NG[:, None]
        parts = inputs_NCG.split(GROUPS, dim=1)
        hidden = torch.zeros(1)
        for part, layer in zip(parts, self.first, strict=True):
            if self.training:
                is_shown = (torch.rand(len(part), 1, 1) >= BLIND) / (1 - BLIND)
                part = (self.hide(part) + NOISE * torch.randn_like(part)) * is_shown
            hidden = hidden + layer(part)
        hidden = torch.nn.functional.gelu(hidden) * mask
        for layer in self.layers:
            hidden = hidden + self.drop(torch.nn.functional.gelu(layer(hidden))) * mask
        return self.last(self.drop(hidden))[:, 0]


def fit(parts: Sequence[Part]) -> TimingNetwork:
    """Train the ensemble on the people of some shots."""
    people = [(person, part.video.source == "world") for part in parts for person in part.people]
    sizes = {world: sum(len(person.times_s) for person, is_world in people if is_world == world) for world in (0, 1)}
    world_weight = WORLD_SHARE * sizes[0] / sizes[1] if sizes[0] and sizes[1] else 1.0
    weights = [world_weight if is_world else 1.0 for _, is_world in people]
    members = [_train([person for person, _ in people], weights, seed=seed) for seed in range(MEMBERS)]

    def stacked(name: str) -> np.ndarray:
        return np.stack([member.state_dict()[name].numpy() for member in members])

    joints_MHC, flow_MHC = stacked("first.0.weight")[..., 0], stacked("first.1.weight")[..., 0]
    layers_MLHHK = np.stack([stacked(f"layers.{layer}.weight") for layer in range(LAYERS)], axis=1)
    return TimingNetwork(
        first_weights_MCH=np.concatenate([joints_MHC, flow_MHC], axis=2).swapaxes(1, 2),
        first_bias_MH=stacked("first.0.bias") + stacked("first.1.bias"),
        layer_weights_MLKHH=layers_MLHHK.transpose(0, 1, 4, 3, 2),
        layer_bias_MLH=np.stack([stacked(f"layers.{layer}.bias") for layer in range(LAYERS)], axis=1),
        last_weights_MH=stacked("last.weight")[:, 0, :, 0],
        last_bias_M=stacked("last.bias")[:, 0],
    )


def _train(people: Sequence[Person], weights: Sequence[float], *, seed: int) -> Convolutions:
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = Convolutions().train()
    num_batches = -(-len(people) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=EPOCHS * num_batches)
    for _ in range(EPOCHS):
        for rows in _batches(people, random):
            inputs, wanted, weight = _batch([people[row] for row in rows], [weights[row] for row in rows], random)
            answers = network(inputs, (weight > 0).float())
            losses = torch.nn.functional.binary_cross_entropy_with_logits(answers, wanted, reduction="none")
            loss = (losses * weight).sum() / weight.sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), MOST_GRADIENT)
            optimizer.step()
            schedule.step()
    return network.eval()


def _batches(people: Sequence[Person], random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield positions of people of about the same length, in any order."""
    lengths = np.array([len(person.times_s) for person in people])
    order = np.argsort(lengths * np.exp(LENGTHS_SPREAD * random.standard_normal(len(lengths))))
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    random.shuffle(batches)
    yield from batches


def _batch(
    people: Sequence[Person], weights: Sequence[float], random: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return inputs (N, C, G), targets (N, G) and weights (N, G), 0 where nothing is there."""
    longest = max(len(person.times_s) for person in people)
    inputs = torch.zeros(len(people), NUM_TIMING_INPUTS, longest)
    wanted, weight = torch.zeros(len(people), longest), torch.zeros(len(people), longest)
    for row, (person, one) in enumerate(zip(people, weights, strict=True)):
        length = len(person.times_s)
        shown_GC = person.mirrored_GC if random.integers(2) else person.timing_GC
        inputs[row, :, :length] = torch.from_numpy(shown_GC.T.copy())
        wanted[row, :length] = torch.from_numpy(target(person.times_s, person.impacts_s).astype(np.float32))
        weight[row, :length] = one
    return inputs, wanted, weight


def measure(network: TimingNetwork, parts: Sequence[Part]) -> list[tuple[str, float, float, bool, float]]:
    """Return source, error in seconds, frame rate, whether it is the striker, and the answer, of every true stroke."""
    rows = []
    for part in parts:
        if not part.people:
            rows += [(part.video.source, np.inf, fps, False, 0.0) for _, fps in part.impacts]
            continue
        found = [
            peaks(person.times_s, expit(0.5 * (network(person.timing_GC) + network(person.mirrored_GC))))
            for person in part.people
        ]
        best = int(np.argmax([peaks_P[0][1] for peaks_P in found]))
        for impact_s, fps in part.impacts:
            error_s = min(abs(time_s - impact_s) for time_s, _ in found[best])
            rows.append((part.video.source, error_s, fps, bool(part.people[best].impacts_s), found[best][0][1]))
        if not part.impacts:
            rows.append((f"{part.video.source} without", np.nan, 25.0, False, found[best][0][1]))
    return rows


if __name__ == "__main__":
    calibrate(__doc__, name="timing", seen=WATCHED, look=watch, fit=fit, measure=measure, report=report)
