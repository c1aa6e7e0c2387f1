from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tests.models.training import QUIET, batch, classifier, loader, trainer

from slowpaths.data.batch import ClipBatch
from slowpaths.models.callbacks.checkpoints import build_checkpoints
from slowpaths.models.callbacks.history import History
from slowpaths.models.callbacks.label_free import LabelFreeMetrics, approximated, candidates, covered

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_candidates_hold_nine_tenths_and_no_more_than_they_must() -> None:
    probs = torch.softmax(3 * torch.randn(50, 14, generator=torch.Generator().manual_seed(0)), dim=1)
    for row, is_in in zip(probs, candidates(probs), strict=True):
        assert row[is_in].sum() >= 0.9 - 1e-5
        assert row[is_in].sum() - row[is_in].min() < 0.9
        assert is_in.all() or row[is_in].min() >= row[~is_in].max()


def test_covering_and_approximated_accuracy_on_a_set_of_candidates() -> None:
    probs = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
    logits = torch.tensor([[0.6, 0.2, 0.2], [0.2, 0.2, 0.6]]).log()
    assert covered(logits, probs).tolist() == [1, 0]
    # p of the named stroke over p of all candidates (PLENCH); 0 where it is none.
    assert approximated(logits, probs).tolist() == pytest.approx([0.6 / 0.8, 0])


def test_a_sure_label_makes_both_the_accuracy() -> None:
    labels = torch.eye(14)[[3, 4, 5]]
    logits = torch.randn(3, 14, generator=torch.Generator().manual_seed(1))
    right = (logits.argmax(dim=1) == torch.tensor([3, 4, 5])).float()
    assert torch.equal(covered(logits, labels), right)
    assert torch.allclose(approximated(logits, labels), right)


def test_skeletons_are_named_again_a_moment_later() -> None:
    clips = replace(batch(3), sequences_BTD=torch.randn(3, 32, 30, generator=torch.Generator().manual_seed(2)))

    def named(given: ClipBatch) -> torch.Tensor:  # of the first frame alone, which is another one later
        return given.sequences_BTD[:, 0, :14]

    metrics, logits = LabelFreeMetrics(), named(clips)
    metrics.on_validation_batch_end(None, named, {"logits_BC": logits}, clips, 0)  # type: ignore[arg-type]
    again = clips.sequences_BTD[:, 2, :14]
    (found,) = metrics._values["val/jitter_consistency"]
    assert found.tolist() == (again.argmax(dim=1) == logits.argmax(dim=1)).float().tolist()


def test_the_metrics_are_means_over_clips_and_choose_the_epoch(tmp_path) -> None:
    model = classifier(lr=0.02)
    history, keeper = History(tmp_path / "h.csv"), build_checkpoints(tmp_path, monitor="val/covering_rate")
    callbacks = [LabelFreeMetrics(), history, keeper]
    trainer(max_epochs=4, callbacks=callbacks, enable_checkpointing=True).fit(
        model, loader(8), loader(6, is_shuffled=False)
    )
    rows = history.state_dict()["rows"]
    assert all(0 <= row["val/jitter_consistency"] <= 1 for row in rows)
    # The label of a clip of these is sure enough to allow one stroke only, so to be covered is to be right.
    assert [row["val/covering_rate"] for row in rows] == pytest.approx([row["val/top1"] for row in rows])
    assert history.kept("val/covering_rate")["val/covering_rate"] == max(row["val/covering_rate"] for row in rows)
    assert float(keeper.best_model_score) == max(row["val/covering_rate"] for row in rows)
