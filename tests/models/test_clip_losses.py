from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.precision import MixedPrecision
from tests.models.training import QUIET, batch, classifier, clip_items, loader, trainer
from torch import Tensor

from slowpaths.core.errors import UsageError
from slowpaths.models.callbacks.checkpoints import build_checkpoints
from slowpaths.models.clip_losses import (
    EarlyLearning,
    LossOverRules,
    ProgressiveIdentification,
    SparseOverParametrisation,
)
from slowpaths.models.losses import soft_cross_entropy
from slowpaths.models.training_set import TrainingSet, Votes

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]
REMEMBERING = ("EarlyLearning", "SparseOverParametrisation", "ProgressiveIdentification")


def clips(count: int = 8) -> TrainingSet:
    return TrainingSet(probs_NC=torch.stack([item.probs_C for item in clip_items(count)]))


def logits(seed: int, count: int = 3) -> Tensor:
    return 2 * torch.randn(count, 14, generator=torch.Generator().manual_seed(seed))


def targets(seed: int, count: int = 3) -> Tensor:
    return torch.rand(count, 14, generator=torch.Generator().manual_seed(seed)).pow(3).softmax(dim=1)


INDEX_B = torch.tensor([4, 0, 7])


def test_elr_is_the_published_loop_over_three_visits() -> None:
    loss = EarlyLearning(training=clips(), strength=3.0, momentum=0.7)
    said = {row: [0.0] * 14 for row in INDEX_B.tolist()}
    for visit in range(3):
        z, q = logits(visit), targets(visit)
        expected = []
        for row, clip in enumerate(INDEX_B.tolist()):
            p = [min(max(value, 1e-4), 1 - 1e-4) for value in z[row].softmax(dim=0).tolist()]
            said[clip] = [0.7 * old + 0.3 * new / sum(p) for old, new in zip(said[clip], p, strict=True)]
            inner = sum(t * value for t, value in zip(said[clip], p, strict=True))
            ce = -sum(a * b for a, b in zip(q[row].tolist(), z[row].log_softmax(dim=0).tolist(), strict=True))
            expected.append(ce + 3 * math.log(1 - inner))
        assert loss(z, q, INDEX_B).tolist() == pytest.approx(expected, abs=1e-5)
    assert loss.said_NC[[1, 2, 3, 5, 6]].abs().max() == 0  # clips that were not seen


def test_elr_holds_to_what_was_said_early_against_a_wrong_label() -> None:
    loss = EarlyLearning(training=clips(), strength=7.0)
    loss.said_NC[0, 2] = 0.9  # the network has said 2; the label says 5
    z = torch.zeros(1, 14)
    z[0, 2] = 2.0
    z.requires_grad_()
    wrong, index = torch.eye(14)[[5]], torch.tensor([0])
    loss(z, wrong, index).sum().backward()
    plain = z.detach().clone().requires_grad_()
    soft_cross_entropy(plain, wrong).sum().backward()
    assert plain.grad[0, 2] > 0 > z.grad[0, 2]  # cross-entropy lowers what was said, ELR raises it


def test_sop_is_the_published_formula_and_moves_by_its_own_rates() -> None:
    loss = SparseOverParametrisation(training=clips(), lr_u=0.5, lr_v=2.0)
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        loss.u_N1.copy_(torch.rand(8, 1, generator=generator))
        loss.v_NC.copy_(torch.rand(8, 14, generator=generator))
    z, y = logits(0).requires_grad_(), torch.eye(14)[[1, 2, 3]]
    u, v = (parameter.detach()[INDEX_B].clone().requires_grad_() for parameter in (loss.u_N1, loss.v_NC))
    p = z.softmax(dim=1)
    plus, minus = u**2 * y, v**2 * (1 - y)
    corrected = (p + plus - minus.detach()).clamp(min=1e-4)
    corrected = corrected / corrected.sum(dim=1, keepdim=True)
    named = torch.zeros(3, 14)
    named[range(3), z.argmax(dim=1)] = 1
    expected = -(y * corrected.clamp(min=1e-4).log()).sum(dim=1) + (named + plus - minus - y).pow(2).sum(dim=1)
    found = loss(z, y, INDEX_B)
    assert torch.allclose(found, expected, atol=1e-6)
    wanted = torch.autograd.grad(expected.mean(), (u, v))
    found.mean().backward()
    before = loss.u_N1.detach().clone(), loss.v_NC.detach().clone()
    loss.step()
    assert torch.allclose(loss.u_N1[INDEX_B], before[0][INDEX_B] - 0.5 * wanted[0], atol=1e-6)
    assert torch.allclose(loss.v_NC[INDEX_B], before[1][INDEX_B] - 2.0 * wanted[1], atol=1e-6)
    assert torch.equal(loss.v_NC[[1, 2, 3]], before[1][[1, 2, 3]])
    assert loss.u_N1.grad is None


def test_sop_takes_a_wrong_label_upon_itself() -> None:
    loss = SparseOverParametrisation(training=clips(2))
    z = torch.zeros(2, 14)
    z[:, 3] = 4.0  # the network says 3 of both; the label of the second says 8
    labels = torch.eye(14)[[3, 8]]
    first = loss(z, labels, torch.arange(2))
    for _ in range(60):
        loss(z, labels, torch.arange(2)).mean().backward()
        loss.step()
    last = loss(z, labels, torch.arange(2))
    assert last[1] < 0.4 * first[1]
    assert loss.u_N1[1] > 0.5 > 0.05 > loss.u_N1[0].abs()  # the right label needs no correction


def test_proden_multiplies_the_posterior_with_what_was_said_at_the_last_visit() -> None:
    loss = ProgressiveIdentification(training=clips())
    q = targets(0)
    assert torch.allclose(loss(logits(1), q, INDEX_B), soft_cross_entropy(logits(1), q), atol=1e-6)
    expected = q * logits(1).softmax(dim=1).clamp(min=1e-4)
    expected = expected / expected.sum(dim=1, keepdim=True)
    assert torch.allclose(loss(logits(2), q, INDEX_B), soft_cross_entropy(logits(2), expected), atol=1e-5)


def test_proden_on_a_set_of_candidates_never_leaves_it() -> None:
    loss = ProgressiveIdentification(training=clips(1))
    candidates = torch.zeros(1, 14)
    candidates[0, [2, 6]] = 0.5
    z = torch.zeros(1, 14, requires_grad=True)
    for _ in range(200):
        value = loss(z + torch.eye(14)[[6]] * 0.5 + torch.eye(14)[[9]], candidates, torch.tensor([0])).sum()
        (grad,) = torch.autograd.grad(value, z)
        z = (z - grad).detach().requires_grad_()
    p = z.softmax(dim=1)[0]
    assert p[6] > 0.9  # of two candidates the one it leant to; not the stroke it was surest of, which is none


def votes() -> Votes:
    sets = torch.zeros(3, 14)
    sets[1, [0, 1]], sets[2, [5]] = 1, 1
    return Votes(
        sets_SC=sets, set_NR=torch.tensor([[1, 2], [2, 0], [0, 0]]), weight_NR=torch.tensor([[1, 0.5], [1, 0], [0, 0]])
    )


def test_loss_over_rules_is_the_mean_over_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainingSet, "votes", lambda self: votes())
    loss = LossOverRules(training=clips(3))
    z = logits(0)
    p = z.softmax(dim=1)
    expected = [
        -((p[0, 0] + p[0, 1]).log() + 0.5 * p[0, 5].log()).item() / 1.5,
        -p[1, 5].log().item(),
        0.0,  # nobody votes
    ]
    assert loss(z, targets(0), torch.tensor([0, 1, 2])).tolist() == pytest.approx(expected, abs=1e-5)
    assert loss.state_dict() == {}


@pytest.mark.parametrize(
    ("part", "options"),
    [
        (EarlyLearning, {"strength": -1.0}),
        (EarlyLearning, {"momentum": 1.0}),
        (SparseOverParametrisation, {"lr_u": -1}),
    ],
)
def test_what_is_out_of_range_is_refused(part, options: dict) -> None:
    with pytest.raises(UsageError, match=r"loss\.function"):
        part(training=clips(), **options)


class Stop(Callback):
    def __init__(self, epochs: int) -> None:
        self._epochs, self.losses = epochs, []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.losses.append(float(outputs["loss"]))

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        trainer.should_stop = trainer.current_epoch + 1 >= self._epochs


def test_steps_of_a_loss_are_refused_where_gradients_are_scaled() -> None:
    function = {"_target_": "slowpaths.models.clip_losses.SparseOverParametrisation"}
    model = classifier(function=function, training=clips())
    half = trainer(max_steps=1, plugins=[MixedPrecision("16-mixed", "cpu")])
    with pytest.raises(UsageError, match=r"set trainer\.precision=bf16-mixed or 32-true"):
        half.fit(model, loader(8))
    trainer(max_steps=1, precision="bf16-mixed").fit(model, loader(8))


@pytest.mark.parametrize("name", REMEMBERING)
def test_a_resumed_run_remembers_what_the_whole_run_does(tmp_path: Path, name: str) -> None:
    def run(folder: Path, epochs: int, resume: Path | None = None):
        stop = Stop(epochs)
        function = {"_target_": f"slowpaths.models.clip_losses.{name}"}
        model = classifier(function=function, training=clips(), seed=1, lr=0.02)
        callbacks = [stop, build_checkpoints(folder, monitor=None)]
        fit = trainer(max_epochs=3, callbacks=callbacks, enable_checkpointing=True)
        fit.fit(model, loader(8), ckpt_path=resume, weights_only=True)
        return stop.losses, model.loss.state_dict()

    whole, known = run(tmp_path / "whole", 3)
    first, _ = run(tmp_path / "parts", 1)
    second, again = run(tmp_path / "parts", 3, tmp_path / "parts" / "last.ckpt")
    assert first + second == whole
    assert all(torch.equal(known[key], again[key]) for key in known)
    assert any(tensor.std() > 0 for tensor in known.values())


def test_a_loss_that_knows_clips_needs_them_and_no_mixtures() -> None:
    function = {"_target_": "slowpaths.models.clip_losses.EarlyLearning"}
    with pytest.raises(UsageError, match="needs to know the training clips"):
        classifier(function=function).training_step(batch(), 0)
    mixing = classifier(function=function, training=clips(), mixup_alpha=0.2)
    with pytest.raises(UsageError, match=r"set loss\.mixup_alpha=0"):
        mixing.training_step(batch(), 0)
