"""`slowpaths export`: a trained network as a file for other runtimes, with a check of what it says."""

from __future__ import annotations

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs_after_training import ExportConfig
from slowpaths.core.strokes import STROKES
from slowpaths.data.batch import PIXEL_MEAN, PIXEL_STD
from slowpaths.models.export import SUFFIX, export
from slowpaths.models.prediction import load_classifier, model_id
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import atomic_write, write_json


def run(cfg: DictConfig) -> Outcome:
    """Export the network of `ckpt=` and write how to feed it beside it."""
    config = _values.build(ExportConfig, plain(cfg))
    classifier = load_classifier(config.ckpt, allowed={config.allow_target} if config.allow_target else set())
    exported = export(classifier, to=config.to, repeats=config.repeats)
    folder = RunFolder(config.out)
    file = folder.exported(SUFFIX[config.to])
    with atomic_write(file) as stream:
        stream.write(exported.content)
    about = {
        "model_id": model_id(classifier),
        "inputs": [{"name": name, "shape": list(shape)} for name, shape in exported.shapes.items()],
        "output": "logits over the temperature: their softmax are the probabilities of the strokes",
        "strokes": list(STROKES),
        "pixels": {"mean": PIXEL_MEAN, "std": PIXEL_STD, "of": "RGB / 255"},
        "clip": dict(classifier.run.clip),
        "largest_difference": exported.difference,
    }
    write_json(folder.export_card, about)
    rows = [
        ("file", f"{len(exported.content) / 1e6:.1f} MB"),
        *((f"input {name}", " x ".join(map(str, shape))) for name, shape in exported.shapes.items()),
        ("largest difference of a logit", f"{exported.difference:.1e}"),
        *((f"one clip, {name}", f"{seconds * 1e3:.1f} ms") for name, seconds in exported.latency_s.items()),
    ]
    notes = [f"medians of {config.repeats} passes on this machine's CPU"]
    show_table(f"slowpaths export: {config.to}", ["what", "value"], rows, notes=notes, wrote=[file, folder.export_card])
    return Outcome(metrics={"largest_difference": exported.difference})
