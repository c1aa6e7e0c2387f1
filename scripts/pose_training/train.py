"""Train the network on shards of rendered pictures; a run that was stopped goes on where it was.

Legend: B pictures of a batch, S side of a crop.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import save
from scripts.pose_training.augment import EVERYBODY, LARGE, ONE, make_crop
from scripts.pose_training.losses import HeatBatch, TargetBatch, collate, collate_heat, heat_loss, losses
from scripts.pose_training.shards import Shards
from scripts.pose_training.targets import make_heat, make_targets
from torch.utils.data import DataLoader, Dataset

from slowpaths.core.errors import UsageError
from slowpaths.pose.compact.network import JOINTS_PX, JOINTS_SIDE, CompactNet, JointNet, Net, as_input
from slowpaths.store.tables import atomic_write

_log = logging.getLogger(__name__)
_WARM_UP = 300
_FALL = 2 / 3  # share of the steps after which the learning rate falls
_DECAY = 0.02
_GRADIENT_MAX = 5.0
_AVERAGE = 0.999  # of the moving average of the weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Describe a training run.

    Args:
        steps: Batches.
        batch: Pictures a batch.
        side: Side of a training crop, pixels, a multiple of 32.
        large_every: Batches from one of large people to the next; none where 0.
        large_batch: Pictures of such a batch.
        large_side: Side of their crops.
        rate: Learning rate; it rises over the first steps, stays, and falls to nothing over the last third.
        seed: Seed of weights and crops.
    """

    steps: int = 17_000
    batch: int = 12
    side: int = 224
    large_every: int = 5
    large_batch: int = 4
    large_side: int = 384
    rate: float = 1.5e-3
    seed: int = 0


PEOPLE = Recipe()  # of the network that finds people
JOINTS = Recipe(steps=22_000, batch=14, side=JOINTS_SIDE, large_every=0, rate=1.2e-3, seed=1)  # of the other


class _Crops(Dataset):
    """Make batch after batch of random crops; batch number n is always the same.

    Args:
        shards: Pictures.
        recipe: Size of the batches, and the seed.
    """

    def __init__(self, shards: Shards, recipe: Recipe) -> None:
        self._shards, self._recipe = shards, recipe

    @property
    def num_pictures(self) -> int:
        """Return how many pictures there are to choose from."""
        return len(self._shards)

    def __len__(self) -> int:
        return self._recipe.steps


class Batches(_Crops):
    """Show everybody in the crops."""

    def __getitem__(self, index: int) -> tuple[torch.Tensor, TargetBatch]:
        recipe = self._recipe
        random = np.random.default_rng([recipe.seed, index])
        is_large = recipe.large_every > 0 and index % recipe.large_every == recipe.large_every - 1
        batch, side = (recipe.large_batch, recipe.large_side) if is_large else (recipe.batch, recipe.side)
        crops = [
            make_crop(self._shards[int(number)], side=side, random=random, aim=LARGE if is_large else EVERYBODY)
            for number in random.integers(len(self._shards), size=batch)
        ]
        targets = [
            make_targets(crop.joints_NJ2, crop.boxes_N4, size=(side, side), seen_4=crop.seen_4) for crop in crops
        ]
        return torch.from_numpy(np.stack([crop.picture_SS3 for crop in crops])), collate(targets)


class OneBatches(_Crops):
    """Show one person each, in the middle of the crop."""

    def __getitem__(self, index: int) -> tuple[torch.Tensor, HeatBatch]:
        recipe = self._recipe
        random = np.random.default_rng([recipe.seed, index])
        pictures, heats = [], []
        while len(pictures) < recipe.batch:
            picture = self._shards[int(random.integers(len(self._shards)))]
            crop = make_crop(picture, side=recipe.side, random=random, aim=ONE)
            if crop.person < 0:
                continue
            joints_J2 = crop.joints_NJ2[crop.person]
            heats.append(make_heat(joints_J2, height_px=JOINTS_PX, size=recipe.side, seen_4=crop.seen_4))
            pictures.append(crop.picture_SS3)
        return torch.from_numpy(np.stack(pictures)), collate_heat(heats)


def rate_at(step: int, recipe: Recipe) -> float:
    """Return the learning rate of a step.

    Example:
        >>> recipe = Recipe(steps=3000, rate=1.0)
        >>> [round(rate_at(step, recipe), 2) for step in (0, 299, 1999, 2500, 2999)]
        [0.0, 1.0, 1.0, 0.5, 0.0]
    """
    left = (recipe.steps - step) / max(recipe.steps - _FALL * recipe.steps, 1.0)
    return recipe.rate * min((step + 1) / _WARM_UP, left, 1.0)


def train_step(
    net: CompactNet, optimiser: torch.optim.Optimizer, pictures_BHWC: torch.Tensor, batch: TargetBatch | HeatBatch
) -> dict[str, float]:
    """Take one step; returns the parts of the loss."""
    maps = net(as_input(pictures_BHWC))
    parts = heat_loss(maps, batch) if isinstance(batch, HeatBatch) else losses(maps, batch)
    optimiser.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), _GRADIENT_MAX)
    optimiser.step()
    return {name: float(part.detach()) for name, part in parts.items()}


def new_net(recipe: Recipe) -> CompactNet:
    """Return a network with random weights."""
    torch.manual_seed(recipe.seed)
    return CompactNet()


def new_optimiser(net: CompactNet) -> torch.optim.Optimizer:
    """Return AdamW that leaves norms and biases their size."""
    wide = [weight for weight in net.parameters() if weight.ndim > 1]
    thin = [weight for weight in net.parameters() if weight.ndim <= 1]
    return torch.optim.AdamW([{"params": wide, "weight_decay": _DECAY}, {"params": thin, "weight_decay": 0.0}])


def train(
    net: Net, batches: Batches | OneBatches, path: Path, recipe: Recipe, *, every: int = 500, workers: int = 1
) -> Net:
    """Train, and return the moving average of the weights.

    Args:
        net: The network to start from.
        batches: Training pictures.
        path: The checkpoint.
        recipe: What to do.
        every: Steps between checkpoints.
        workers: Processes that make batches; 0 makes them in this one.

    Raises:
        UsageError: If the checkpoint is of another recipe.
    """
    net = net.to(memory_format=torch.channels_last)  # pyrefly: ignore[no-matching-overload]
    average, optimiser = copy.deepcopy(net), new_optimiser(net)
    num_pictures = batches.num_pictures
    start = _resume(path, recipe, num_pictures, net, average, optimiser)
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=range(start, recipe.steps),
        num_workers=workers,
        prefetch_factor=8 if workers else None,
        worker_init_fn=_quiet,
    )
    net.train()
    for step, (pictures_BHWC, batch) in enumerate(loader, start=start):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, recipe)
        parts = train_step(net, optimiser, pictures_BHWC, batch)
        _follow(average, net, step)
        if step % 100 == 0:
            _log.info("step %d of %d: %s", step, recipe.steps, " ".join(f"{k} {v:.3f}" for k, v in parts.items()))
        if (step + 1) % every == 0 or step + 1 == recipe.steps:
            _keep(path, recipe, step + 1, num_pictures, net, average, optimiser)
    return average.eval()


def average_of(path: Path, net: Net) -> Net:
    """Return the averaged network of a checkpoint.

    Args:
        path: The checkpoint.
        net: A network of its kind, which takes the weights.

    Raises:
        UsageError: If there is none.
    """
    if not path.exists():
        raise UsageError(f"there is no checkpoint at {path}: run the step '{path.stem}' first")
    net.load_state_dict(torch.load(path, weights_only=True)["average"])
    return net.eval()


def save_weights(path: Path, people: CompactNet, joints: JointNet) -> None:
    """Write the weights of both networks in half precision; they are trained and used in single precision."""
    tensors = {
        f"{part}.{name}": value.half().contiguous() if value.is_floating_point() else value
        for part, net in (("people", people), ("joints", joints))
        for name, value in net.state_dict().items()
    }
    with atomic_write(path) as stream:
        stream.write(save(tensors))


def _quiet(number: int) -> None:
    cv2.setNumThreads(1)


@torch.no_grad()
def _follow(average: CompactNet, net: CompactNet, step: int) -> None:
    """Move the average towards the network, quickly at first."""
    keep = min(_AVERAGE, (1 + step) / (10 + step))
    for mean, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - keep)
        else:
            mean.copy_(new)


def _keep(
    path: Path,
    recipe: Recipe,
    step: int,
    num_pictures: int,
    net: CompactNet,
    average: CompactNet,
    optimiser: torch.optim.Optimizer,
) -> None:
    state = {"recipe": asdict(recipe), "step": step, "num_pictures": num_pictures, "net": net.state_dict(),
             "average": average.state_dict(), "optimiser": optimiser.state_dict()}  # fmt: skip
    with atomic_write(path) as stream:
        torch.save(state, stream)


def _resume(
    path: Path,
    recipe: Recipe,
    num_pictures: int,
    net: CompactNet,
    average: CompactNet,
    optimiser: torch.optim.Optimizer,
) -> int:
    """Load a checkpoint where there is one; returns the step to go on with.

    Before the learning rate falls a run does not know how long it will be, so its length may still be changed there.
    """
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, weights_only=True)
    known, step = Recipe(**state["recipe"]), int(state["step"])
    if step <= _FALL * min(known.steps, recipe.steps):
        known = replace(known, steps=recipe.steps)
    if known != recipe or state["num_pictures"] != num_pictures:
        whose = f"{known}, {state['num_pictures']} pictures"
        raise UsageError(f"{path} belongs to another run ({whose}): remove it or choose another folder")
    net.load_state_dict(state["net"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    _log.info("going on at step %d", step)
    return step
