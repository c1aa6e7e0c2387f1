from __future__ import annotations

import copy
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.models.batch_norm import measure_batch_norm, norms
from slowpaths.models.callbacks.checkpoints import build_checkpoints
from slowpaths.models.callbacks.history import History
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.ema import network_input
from slowpaths.models.mixing import mix
from slowpaths.models.training_set import TrainingSet

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


class Losses(Callback):
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.values.append(float(outputs["loss"]))


def test_twenty_steps_of_the_tiny_network_are_golden() -> None:
    losses = Losses()
    model = classifier(width=16, dropout=0.0, lr=0.002, ema_decay=0.999)
    trainer(max_epochs=10, callbacks=[losses]).fit(model, loader(8))
    assert len(losses.values) == 20
    assert losses.values[::5] == pytest.approx(GOLDEN, rel=0.02)


GOLDEN = [4.0251, 2.2764, 1.4268, 1.3736]


def test_a_resumed_run_ends_where_the_whole_run_ends(tmp_path: Path) -> None:
    def run(folder: Path, *, epochs: int, resume: Path | None = None) -> tuple[StrokeClassifier, list[float]]:
        losses = Losses()
        keepers = [History(folder / "history.csv"), build_checkpoints(folder, monitor="val/nll")]
        model = classifier(ema_decay=0.9, seed=1)
        # The schedule is laid out over four epochs in both runs; one of them is killed after two.
        run = trainer(max_epochs=4, callbacks=[losses, *keepers, StopAfter(epochs)], enable_checkpointing=True)
        run.fit(model, loader(8), loader(4, is_shuffled=False), ckpt_path=resume)
        return model, losses.values

    whole, losses = run(tmp_path / "whole", epochs=4)
    _, first = run(tmp_path / "parts", epochs=2)
    resumed, second = run(tmp_path / "parts", epochs=4, resume=tmp_path / "parts" / "last.ckpt")
    assert len(losses) == 8
    assert first + second == losses
    for (name, tensor), other in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(tensor, other), name
    histories = [(tmp_path / run / "history.csv").read_bytes() for run in ("whole", "parts")]
    assert histories[0] == histories[1]
    assert histories[0].count(b"\n") == 5


class StopAfter(Callback):
    def __init__(self, epochs: int) -> None:
        self._epochs = epochs

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        if trainer.current_epoch + 1 >= self._epochs:
            trainer.should_stop = True


def test_training_learns_what_the_clips_show() -> None:
    model = classifier(dropout=0.0, lr=0.02, logit_adjustment=0.0)
    losses = Losses()
    # The norms follow their running means slowly: on some processors thirty steps name three clips of eight wrong.
    trainer(max_epochs=25, callbacks=[losses]).fit(model, loader(8))
    assert losses.values[-1] < 0.4 * losses.values[0]
    measured = trainer().validate(model, loader(8, is_shuffled=False), verbose=False)[0]
    assert measured["val/top1"] == 1
    assert measured["val/nll"] < 1.0
    assert model.val_confusion.compute().diagonal().tolist()[:5] == [2, 2, 2, 2, 0]


def test_metrics_are_those_of_the_whole_set_not_means_over_batches() -> None:
    model = classifier()
    model.forward = lambda batch: torch.eye(14)[torch.zeros(len(batch), dtype=torch.long)] * 5  # always "leave"
    # Nine clips in batches of 4, 4 and 1: strokes 0 1 2 3 0 1 2 3 0, so 3 of 9 are right; the mean of batches is .5.
    measured = trainer().validate(model, loader(9, is_shuffled=False), verbose=False)[0]
    assert measured["val/top1"] == pytest.approx(3 / 9)
    assert measured["val/balanced_accuracy"] == pytest.approx(1 / 4)
    assert measured["val/macro_f1"] == pytest.approx(0.5 / 4)  # precision 3/9, recall 1: F1 .5 for one of four


def test_the_ema_is_what_is_validated() -> None:
    model = classifier(ema_decay=0.99).eval()
    for parameter in model.network.parameters():
        parameter.data.zero_()
    assert model(batch()).abs().max() > 0
    with torch.no_grad():
        for parameter in model.ema.parameters():
            parameter.zero_()
    assert model(batch()).abs().max() == 0


def test_the_ema_starts_from_weights_loaded_after_construction() -> None:
    model = classifier(ema_decay=0.999, lr=1e-30)
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.fill_(0.125)
    trainer(max_steps=1).fit(model, loader(4))
    assert all((parameter == 0.125).all() for parameter in model.ema.parameters())


def test_the_ema_moves_once_a_step_of_the_optimiser() -> None:
    def averaged(batch_size: int) -> dict[str, torch.Tensor]:
        model = classifier(ema_decay=0.9, frozen_bn_below=100, dropout=0.0, lr=0.02)
        run = trainer(max_epochs=2, accumulate_grad_batches=4 // batch_size)
        run.fit(model, loader(8, batch_size=batch_size))
        return model.ema.state_dict()

    whole, accumulated = averaged(4), averaged(1)
    for name, tensor in whole.items():
        torch.testing.assert_close(accumulated[name], tensor, rtol=0, atol=1e-5)


@pytest.mark.parametrize("initialisation", ["pretrained", ""])
def test_a_frozen_backbone_does_not_move_unless_its_weights_are_random(initialisation: str) -> None:
    model = classifier(is_backbone_frozen=True, initialisation=initialisation, precise_bn_batches=2)
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    trainer(max_steps=2).fit(model, loader(8))
    moved = {name for name, tensor in model.network.state_dict().items() if not torch.equal(tensor, before[name])}
    head = {"blocks.6.proj.weight", "blocks.6.proj.bias"}
    assert moved == head if initialisation else moved > head


def test_frozen_stages_wait_for_their_epoch() -> None:
    def moved(epochs: int, **options: Any) -> set[str]:
        model = classifier(frozen_stages=2, frozen_epochs=1, lr=0.1, weight_decay=0.1, **options)
        before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
        trainer(max_epochs=epochs).fit(model, loader(8))
        return {name for name, tensor in model.network.state_dict().items() if not torch.equal(tensor, before[name])}

    everything = set(classifier().network.state_dict())  # weights, and the statistics of batch norm
    first, second = moved(1), moved(2)
    assert first == {name for name in everything if not name.startswith(("blocks.0.", "blocks.1."))}
    assert second == everything
    assert moved(1, precise_bn_batches=2) == first


def test_precise_statistics_leave_frozen_stages_of_the_ema_alone() -> None:
    model = classifier(frozen_stages=2, frozen_epochs=1, precise_bn_batches=2, ema_decay=0.9)
    trainer(max_epochs=1).fit(model, loader(8))
    still = [norm for block in model.ema.blocks[:2] for norm in norms(block)]
    assert all((norm.running_mean == 0).all() and (norm.running_var == 1).all() for norm in still)
    assert all((norm.running_mean != 0).any() for norm in norms(model.ema) if norm not in still)


def test_batch_norm_of_small_batches_keeps_its_statistics() -> None:
    def statistics(below: int, **options: Any) -> float:
        model = classifier(frozen_bn_below=below, **options)
        trainer(max_epochs=1).fit(model, loader(8))
        return sum(float(norm.running_mean.abs().sum()) for norm in norms(model.network))

    assert statistics(below=5) == 0  # batches of four
    assert statistics(below=4) > 0
    assert statistics(below=5, precise_bn_batches=2) == 0


@pytest.mark.parametrize("has_validation", [True, False])
def test_precise_statistics_are_those_of_the_weights_that_are_kept(tmp_path: Path, has_validation: bool) -> None:
    model = classifier(precise_bn_batches=2, ema_decay=0.9)
    clips = [loader(8), loader(4, is_shuffled=False)] if has_validation else [loader(8)]
    keeper = build_checkpoints(tmp_path, monitor=None)
    trainer(max_epochs=2, callbacks=[keeper], enable_checkpointing=True).fit(model, *clips)
    kept = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]
    wanted = copy.deepcopy(model.ema)
    train = loader(8)
    train.sampler.set_epoch(1)
    measure_batch_norm(wanted, [network_input(batch) for batch in train])
    for name, tensor in wanted.state_dict().items():
        if "running" in name:
            assert torch.allclose(kept[f"ema.{name}"], tensor, atol=1e-6), name


def test_a_head_for_features_adds_its_error_to_the_loss() -> None:
    plain, model = classifier(dropout=0.0), classifier(dropout=0.0, num_features=2, feature_weight=0.5)
    model.network.load_state_dict(plain.network.state_dict())
    model.factors.load_state_dict(plain.factors.state_dict())
    for one in (plain, model):
        one.eval()
        one.log = lambda *args, **kwargs: None
    torch.nn.init.zeros_(model.features.weight)
    torch.nn.init.zeros_(model.features.bias)
    extra = model.training_step(batch(4), 0) - plain.training_step(batch(4), 0)
    # Of a head that says nothing: half of one (Huber) for each of the six known features, which are 1 or -1.
    assert extra.item() == pytest.approx(0.5 * 0.5, abs=1e-5)
    extra.backward()
    assert model.features.weight.grad.abs().sum() > 0
    assert {id(weight) for weight in model.features.parameters()} < {id(weight) for weight in model.head_parameters()}


def student_classifier(said_NC: torch.Tensor, **options: Any) -> StrokeClassifier:
    """Return a classifier whose student says this of the clips, and whose head for it says nothing."""

    class Taught(TrainingSet):
        def voice(self, name: str, *, otherwise: str) -> torch.Tensor:
            assert (name, otherwise) == ("student", "set loss.student_weight=0")
            return said_NC

    training = Taught(probs_NC=torch.zeros(len(said_NC), 14))
    model = classifier(dropout=0.0, student_weight=0.5, training=training, **options)
    for parameter in model.student.parameters():
        torch.nn.init.zeros_(parameter)
    return model


def test_a_head_for_the_student_adds_its_error_where_the_student_is_sure() -> None:
    said_NC = torch.zeros(4, 14)  # of the last clip it says nothing
    said_NC[:3, 5] = torch.tensor([1.0, 0.6, 0.4])
    said_NC[:3, 6] = 1 - said_NC[:3, 5]
    said_NC[2, 6:8] = 0.3
    plain, model = classifier(dropout=0.0), student_classifier(said_NC)
    model.network.load_state_dict(plain.network.state_dict())
    model.factors.load_state_dict(plain.factors.state_dict())
    logged: dict[str, torch.Tensor] = {}
    for one in (plain, model):
        one.eval()
        one.log = lambda name, value, **kwargs: logged.update({name: value})
    extra = model.training_step(batch(4), 0) - plain.training_step(batch(4), 0)
    assert extra.item() == pytest.approx(0.5 * math.log(14), abs=1e-5)
    assert logged["train/student_loss"].item() == pytest.approx(math.log(14), abs=1e-5)
    extra.backward()
    # Only the two clips of which it is sure pull: more of stroke 5, .8 in the mean, and of 6, .2.
    wanted = 0.5 * (torch.full((14,), 1 / 14) - torch.eye(14)[5] * 0.8 - torch.eye(14)[6] * 0.2)
    assert torch.allclose(model.student.bias.grad, wanted, atol=1e-5)
    assert {id(weight) for weight in model.student.parameters()} < {id(weight) for weight in model.head_parameters()}


def test_of_mixed_clips_the_student_says_both_by_their_shares() -> None:
    said_NC = torch.eye(14)[:4]
    model = student_classifier(said_NC, mixup_alpha=1.0, factor_weight=0.0)
    model.log = lambda *args, **kwargs: None
    torch.manual_seed(3)
    mixed = mix(network_input(batch(4)), alpha=1.0)
    torch.manual_seed(3)
    model.training_step(batch(4), 0).backward()
    seen_BC = mixed.share * said_NC + (1 - mixed.share) * said_NC[mixed.partner_B]
    assert torch.allclose(model.student.bias.grad, 0.5 * (1 / 14 - seen_BC.mean(dim=0)), atol=1e-5)


def test_the_head_for_the_student_does_not_predict_and_is_not_needed_to() -> None:
    model = student_classifier(torch.eye(14)[:4]).eval()
    before = model(batch(4))
    torch.nn.init.ones_(model.student.weight)
    assert torch.equal(model(batch(4)), before)
    again = StrokeClassifier(**model.hparams)  # as prediction makes it, without the training clips
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.eval()(batch(4)), before)
    with pytest.raises(UsageError, match="needs to know the training clips"):
        again.training_step(batch(4), 0)


def test_factor_heads_add_to_the_loss() -> None:
    with_factors, without = classifier(factor_weight=0.3), classifier(factor_weight=0.0)
    assert without.factors is None
    for model in (with_factors, without):
        model.eval()
        model.log = lambda *args, **kwargs: None
    extra = with_factors.training_step(batch(), 0) - without.training_step(batch(), 0)
    # Fresh heads know next to nothing: about the log of the number of values of each factor (3, 3, 4, 3).
    assert extra.item() == pytest.approx(0.3 * (3 * math.log(3) + math.log(4)), rel=0.2)


def test_checkpoint_says_what_it_is_and_loads_without_code(tmp_path: Path) -> None:
    lineage = {"labels": "abc", "split": "def"}
    model = classifier(
        clip={"fps": 25, "num_frames": 8}, lineage=lineage, configuration="0123", class_prior=[1 / 14] * 14
    )
    run = trainer(max_steps=1, enable_checkpointing=True, callbacks=[ModelCheckpoint(dirpath=tmp_path)])
    run.fit(model, loader(8))
    run.save_checkpoint(tmp_path / "model.ckpt")
    content = torch.load(tmp_path / "model.ckpt", weights_only=True)
    assert content["slowpaths"]["strokes"] == list(STROKES)
    run_of = content["hyper_parameters"]["run"]
    assert run_of["lineage"] == lineage
    assert run_of["clip"] == {"fps": 25, "num_frames": 8}
    assert run_of["configuration"] == "0123"
    again = StrokeClassifier(**content["hyper_parameters"])
    again.load_state_dict(content["state_dict"])
    assert torch.equal(again.eval()(batch()), model.eval()(batch()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_prior": [0.5, 0.5]}, "needs 14 shares"),
        ({"network": {"depth": 18}}, "model._target_ is missing"),
        ({"network": {"_target_": "collections.OrderedDict"}}, "builds no torch.nn.Module"),
    ],
)
def test_wrong_settings_are_refused(options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        classifier(**options)


def test_only_plain_values_are_taken() -> None:
    with pytest.raises(TypeError, match=r"cannot fingerprint a .*Path"):
        classifier(lineage={"labels": Path("x")})


def test_warm_up_longer_than_the_run_is_refused() -> None:
    with pytest.raises(UsageError, match=r"lower optim.warmup_epochs or raise trainer.max_epochs"):
        trainer(max_epochs=2).fit(classifier(warmup_epochs=34.0), loader(8))
    trainer(fast_dev_run=True).fit(classifier(warmup_epochs=34.0), loader(8))


def test_same_seed_same_weights_whatever_was_drawn_before() -> None:
    torch.manual_seed(5)
    one = classifier(seed=3)
    torch.rand(7)
    state = torch.random.get_rng_state()
    two, other = classifier(seed=3), classifier(seed=4)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(map(torch.equal, one.state_dict().values(), two.state_dict().values()))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


@pytest.mark.parametrize(("tau", "assumed"), [(1.0, [0.5, 0.5]), (0.0, [0.9, 0.1]), (0.5, [0.75, 0.25])])
def test_probabilities_take_the_shares_for_given_that_adjusted_logits_leave(tau: float, assumed: list[float]) -> None:
    prior = [0.45, 0.05] * (NUM_STROKES // 2)
    found = np.array(classifier(class_prior=prior, logit_adjustment=tau).assumed_prior)
    assert found.sum() == pytest.approx(1.0)
    assert (found[:2] / found[:2].sum()).tolist() == pytest.approx(assumed)
