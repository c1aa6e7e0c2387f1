from __future__ import annotations

import pytest
import torch
from tests.models.training import QUIET, batch, classifier, clip_items, loader, trainer

from slowpaths.core.errors import UsageError
from slowpaths.models.losses import soft_cross_entropy
from slowpaths.models.mixing import curriculum_share, mix, sureness_ranks
from slowpaths.models.settings import LossSettings
from slowpaths.models.training_set import TrainingSet

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_all_tensors_of_a_clip_are_mixed_with_those_of_one_partner() -> None:
    torch.manual_seed(3)
    inputs = [torch.arange(4.0)[:, None].expand(4, 3), 10 * torch.arange(4.0)[:, None, None].expand(4, 2, 5)]
    mixed = mix(inputs, alpha=1.0)
    assert sorted(mixed.partner_B.tolist()) == [0, 1, 2, 3]
    assert 0.5 <= mixed.share < 1
    for row, partner in enumerate(mixed.partner_B.tolist()):
        value = mixed.share * row + (1 - mixed.share) * partner
        assert mixed.inputs[0][row].tolist() == pytest.approx([value] * 3)
        assert mixed.inputs[1][row].flatten().tolist() == pytest.approx([10 * value] * 10)


def test_a_network_of_one_tensor_gets_one() -> None:
    torch.manual_seed(3)
    mixed = mix(torch.arange(4.0)[:, None].expand(4, 3), alpha=1.0)
    assert isinstance(mixed.inputs, torch.Tensor) and mixed.inputs.shape == (4, 3)
    assert mixed.inputs[:, 0].mean() == pytest.approx(1.5)
    assert 0.5 <= mixed.share < 1 and sorted(mixed.partner_B.tolist()) == [0, 1, 2, 3]


def test_the_loss_of_mixed_clips_is_that_of_mixed_targets() -> None:
    # Cross-entropy is linear in its target: with equal weights both ways of mixing give the same number.
    model = classifier(mixup_alpha=0.4, factor_weight=0.0, logit_adjustment=0.0, dropout=0.0).eval()
    model.log = lambda *args, **kwargs: None
    clips = batch(4)
    torch.manual_seed(11)
    found = model.training_step(clips, 0)
    torch.manual_seed(11)
    mixed = mix(clips.pathways(), alpha=0.4)
    targets = mixed.share * clips.probs_BC + (1 - mixed.share) * clips.probs_BC[mixed.partner_B]
    expected = soft_cross_entropy(model.network([clip.contiguous() for clip in mixed.inputs]), targets).mean()
    assert found.item() == pytest.approx(expected.item(), abs=1e-4)
    assert mixed.share < 1


def test_ranks_count_surer_clips_of_the_same_stroke() -> None:
    probs = torch.tensor([[0.5, 0.4, 0.1], [0.9, 0.1, 0], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.7, 0.2, 0.1]])
    expected = []
    for row in probs:
        same = [other for other in probs if other.argmax() == row.argmax()]
        expected.append(sum(bool(other.max() > row.max()) for other in same) / len(same))
    expected[2] += 1 / 4  # as sure as the first one, which comes before it
    assert sureness_ranks(probs).tolist() == pytest.approx(expected)


def test_the_curriculum_keeps_every_stroke_and_half_of_its_clips() -> None:
    probs = torch.softmax(torch.randn(60, 14, generator=torch.Generator().manual_seed(0)), dim=1)
    labels = probs.argmax(dim=1)
    kept = sureness_ranks(probs) < curriculum_share(0.0, start=0.5, length=0.4)
    for label in labels.unique():
        count = int((labels == label).sum())
        assert int(kept[labels == label].sum()) == -(-count // 2)
        assert probs[labels == label][kept[labels == label]].max(dim=1)[0].min() >= (
            probs[labels == label][~kept[labels == label]].max(dim=1)[0].max() if count > 1 else 0
        )
    assert (sureness_ranks(probs) < curriculum_share(0.4, start=0.5, length=0.4)).all()


def test_early_epochs_learn_from_the_surest_clips_only() -> None:
    items = clip_items(4)
    for row, item in enumerate(items):  # one stroke, ever less sure
        item.probs_C[:] = torch.full((14,), 0.02 * row / 13)
        item.probs_C[0] = 1 - 0.02 * row
    training = TrainingSet(probs_NC=torch.stack([item.probs_C for item in items]))
    from slowpaths.data.batch import collate

    clips = collate(items)
    model = classifier(curriculum_start=0.5, training=training, dropout=0.0, factor_weight=0.0).eval()
    model.log = lambda *args, **kwargs: None
    found = model.training_step(clips, 0)
    logits = model.network(clips.pathways())
    expected = soft_cross_entropy(logits + model.log_prior_C, clips.probs_BC)[:2].mean()
    assert found.item() == pytest.approx(expected.item(), abs=1e-4)


def test_the_curriculum_goes_on_with_the_epochs() -> None:
    training = TrainingSet(probs_NC=torch.stack([item.probs_C for item in clip_items(8)]))
    model = classifier(curriculum_start=0.5, curriculum_length=0.5, training=training)
    shares = []
    model.on_train_batch_start = lambda batch, batch_idx: shares.append(model.curriculum_share)
    trainer(max_epochs=4).fit(model, loader(8))
    assert shares == pytest.approx([0.5, 0.5, 0.75, 0.75, 1, 1, 1, 1])


@pytest.mark.parametrize(
    "options",
    [
        {"mixup_alpha": -1.0},
        {"curriculum_start": 0.0},
        {"curriculum_length": 1.5},
        {"student_weight": -0.1},
        {"student_min_confidence": 0.0},
        {"student_min_confidence": 1.1},
    ],
)
def test_settings_out_of_range_are_refused(options: dict) -> None:
    with pytest.raises(UsageError, match=rf"loss\.{next(iter(options))}="):
        LossSettings(**options)
