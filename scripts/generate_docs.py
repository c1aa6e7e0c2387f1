"""Write the generated pages of docs/: tables, measures, and one page a verb.

Tables come from `store.schema` and the fields of `core.records`, features from `core.features`, measures from
`evaluation.measures`, verbs from the configuration files and the docstrings of the settings they fill. `make docs`
runs this first; a test compares the committed pages with what it would write.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts import paper
from slowpaths.apps._fields import docs_of
from slowpaths.apps._help import FLAGS, VerbReference, verb_reference
from slowpaths.cli import VERBS
from slowpaths.core.features import FEATURES
from slowpaths.core.records import (
    Correction,
    Delivery,
    LabelledClip,
    PoseTrack,
    Prediction,
    Shot,
    Unclaimed,
    VideoRef,
    Vote,
)
from slowpaths.core.strokes import STROKES
from slowpaths.core.text import markdown_table
from slowpaths.evaluation.measures import SPECS
from slowpaths.evaluation.measures import TABLES as REPORT_TABLES
from slowpaths.store.experiment_folder import ExperimentsFolder
from slowpaths.store.schema import FEATURE_PREFIX, MEANINGS, PROB_PREFIX, TABLES

DOCS = Path(__file__).resolve().parents[1] / "docs"
_NOTE = "<!-- Written by scripts/generate_docs.py: `make docs` writes it again. -->\n"
_RECORDS: dict[str, tuple[type, ...]] = {
    "footage": (VideoRef,),
    "unclaimed": (Unclaimed,),
    "shots": (Shot,),
    "deliveries": (Delivery,),
    "poses": (PoseTrack,),
    "votes": (Vote,),
    "corrections": (Correction,),
    "labels": (LabelledClip,),
    "predictions": (LabelledClip, Prediction),
}
_ROWS = {
    "footage": "One row a video, mined or quarantined.",
    "unclaimed": "One row a video that could be read and has no delivery.",
    "shots": "One row a shot.",
    "deliveries": "One row a ball faced.",
    "poses": "One row a person and frame.",
    "votes": "One row a vote; abstentions are not stored.",
    "corrections": "One row a delivery of which a person said something; `corrections=` reads these columns as CSV.",
    "labels": "One row a delivery that is no correction of kind no_stroke or wrong_person.",
    "predictions": "One row a delivery and test view, and one for their average.",
}
_FILES = (
    ("`*.parquet`", "the tables above"),
    ("`clips/<delivery_id>.mp4`", "52 frames at 25 fps, 256 px, H.264, as seen (not mirrored)"),
    ("`dataset.json`", "what a clip looks like, table versions, counts; the label set, its label model and rule set"),
    ("`configuration.json`", "the configuration the folder was mined with"),
    ("`rules.json`", "the rules that voted: their symbols as sets of strokes, thresholds, sources"),
    ("`voices.parquet`", "what votes, teacher and student each say, as predictions; `model_id` names the voice"),
    ("`label_set.json`", "label model and configuration of the newest label set"),
    ("`label_sets/<id>/`", "every label set made so far, with the same files"),
    ("`moved.parquet`", "deliveries as mined, where a person moved the impact; their clips lie about that impact"),
    ("`shards/`", "finished videos, for resuming"),
    ("`ledger.jsonl`", "lineage: what each file was made from"),
    ("`report.md`", "what was found, and the checks that need no label"),
    ("`review.html`", "every clip beside its label, its votes and their evidence, for a browser"),
)
_FEATURES = """## Features

The columns `feature_<name>` of `deliveries`. Distances are in torso units of the batter, in a right-hander's frame.
`end-on` and `side-on` say how far a view shows a feature, from 0 to 1. A feature that cannot be measured is NaN.

`t_g` is the guard, `t_bl` the top of the backlift, `t_i` the impact; `off` is the off side, `fwd` the direction towards
the bowler, `h` the mean of the wrists.
"""
_MEASURES = """# Measures

What `slowpaths evaluate` reports. Each measure is one module of `slowpaths.evaluation.measures` with its formula, edge
cases, reference and a worked example; [Evaluation](evaluation.md) says how to read the report.
"""
_GALLERY = """# Gallery

## Pages

Each is one file without a server, here of the demo on synthetic footage; `scripts/screenshots.py` takes the pictures.
"""
_SHOTS = (
    ("review.jpg", "Review", "Every clip beside its label, its votes and their evidence ([Review](review.md))."),
    ("report.jpg", "Evaluation", "Accuracy and usefulness with intervals and baselines ([Evaluation](evaluation.md))."),
    ("compare.jpg", "Comparison", "Runs side by side ([Sweeps](sweeps.md#comparing-runs))."),
    ("phone.jpg", "On a telephone", "The review page at 390 pixels; strokes are named by a tap."),
)
_COMMANDS = """# Commands

`slowpaths <verb> key=value ...` runs one verb. Every key of every verb is typed: an unknown key or a value of the wrong
kind is refused in one sentence before anything starts. [Getting started](../index.md) shows the usual order.
"""
_SIDES = {
    "accuracy": "Accuracy",
    "calibration": "Confidence",
    "usefulness": "Usefulness",
    "spotting": "Finding strokes in time",
    "mining": "Mining",
}


def pages() -> dict[str, str]:
    """Return the text of every generated page, by its path below docs/."""
    return {
        "tables.md": tables_page(),
        "measures.md": measures_page(),
        "gallery.md": gallery_page(),
        "paper.md": paper.fill(paper.SOURCE.read_text()),
        "verbs/index.md": verbs_page(),
        **{f"verbs/{verb}.md": verb_page(verb, verb_reference(verb)) for verb in VERBS},
    }


def gallery_page() -> str:
    """Return the page of pages and figures; the figures are those of experiments/FIGURES.md."""
    _, heading, figures = ExperimentsFolder(DOCS.parent / "experiments").index_file.read_text().partition("\n## ")
    figures = re.sub(r"\]\((?!http)", "](../experiments/", heading.lstrip() + figures)
    shots = [f"### {title}\n\n![{title}](gallery/{name})\n\n{words}\n" for name, title, words in _SHOTS]
    return _page(_GALLERY, *shots, "## Figures\n", figures.replace("## ", "### "))


def tables_page() -> str:
    """Return the page of tables, columns and features."""
    parts = [
        "# Tables\n\nAll tables are Parquet, with their name and a version in the metadata; another version is refused."
        "\nThey stand in a mined folder, `predictions` in the folder of a run. Any Parquet reader opens them.\n"
    ]
    for name, spec in TABLES.items():
        parts.append(f"## {name}, version {spec.version}\n\n{_ROWS[name]}\n")
        parts.append(markdown_table(["column", "type", "meaning"], list(_columns(name))) + "\n")
    parts.append(_FEATURES)
    rows = [(f"`{item.name}`", item.unit, f"{item.end_on:g}", f"{item.side_on:g}", item.meaning) for item in FEATURES]
    parts.append(markdown_table(["feature", "unit", "end-on", "side-on", "meaning"], rows) + "\n")
    parts.append("## Files of a mined folder\n\n" + markdown_table(["file", "what"], _FILES))
    return _page(*parts)


def _columns(name: str) -> Iterator[tuple[str, str, str]]:
    known = {key: text for kind in _RECORDS[name] for key, text in _meanings(kind).items()}
    opened = {FEATURE_PREFIX: "feature_<name>", PROB_PREFIX: "prob_<stroke>"}
    for field in TABLES[name].whole:
        prefix = next((prefix for prefix in opened if field.name.startswith(prefix)), "")
        if not prefix:
            told = "Optional. " if field.name in TABLES[name].optional.names else ""
            yield f"`{field.name}`", str(field.type), told + _escaped(MEANINGS.get(field.name) or known[field.name])
        elif field.name in (FEATURE_PREFIX + FEATURES[0].name, PROB_PREFIX + STROKES[0]):
            meaning = "One column a feature, see below." if prefix == FEATURE_PREFIX else "One column a stroke, sum 1."
            yield f"`{opened[prefix]}`", str(field.type), meaning


def _meanings(record: type) -> dict[str, str]:
    """Return what the docstring, or the comment beside (or above) each field, says of a record, as a sentence."""
    meanings = docs_of(record)
    above = ""
    for line in inspect.getsource(record).splitlines():
        code, _, comment = line.strip().partition("# ")
        text = f"{above} {comment}".strip()
        above = text if not code else ""
        if text and (field := re.match(r"(\w+): ", code)):
            meanings[field[1]] = f"{text[0].upper()}{text[1:]}."
    return meanings


def measures_page() -> str:
    """Return the page of measures and tables that `slowpaths evaluate` reports."""
    parts = [_MEASURES]
    for side, title in _SIDES.items():
        rows = [(f"`{spec.name}`", spec.meaning, spec.baseline) for spec in SPECS if spec.side == side]
        parts.append(f"## {title}\n\n" + markdown_table(["measure", "meaning", "stands beside"], rows) + "\n")
    rows = [(f"`{table.name}.csv`", table.title) for table in REPORT_TABLES]
    parts.append("## Tables beside the report\n\n" + markdown_table(["file", "what"], rows))
    return _page(*parts)


def verbs_page() -> str:
    """Return the page that lists the verbs."""
    rows = [(f"[{verb}]({verb}.md)", verb_reference(verb).title.partition(": ")[2].rstrip(".")) for verb in VERBS]
    return _page(
        _COMMANDS,
        markdown_table(["verb", "what it does"], rows) + "\n",
        "Flags of every verb:\n",
        markdown_table(["flag", "what"], [(f"`{flag}`", _escaped(meaning)) for flag, meaning in FLAGS]) + "\n",
        "Exit codes: 0 done, 1 error, 2 wrong usage, 3 done with some input quarantined.",
    )


def verb_page(verb: str, reference: VerbReference) -> str:
    """Return the page of one verb."""
    title = reference.title.partition(": ")[2].rstrip(".")
    parts = [f"# slowpaths {verb}\n\n{title[:1].upper()}{title[1:]}{'' if title.endswith('?') else '.'}\n"]
    if reference.choices:
        rows = [
            (f"`{group}=`", f"`{default}`", meaning, ", ".join(f"`{option}`" for option in options))
            for group, default, meaning, options in reference.choices
        ]
        parts.append("## Choices\n\nEach option brings keys of its own; below are those of the defaults.\n")
        parts.append(markdown_table(["choice", "default", "what", "options"], rows) + "\n")
    rows = [
        (f"`{key}=`", f"`{value}`" if value else "must be given", _escaped(text)) for key, value, text in reference.keys
    ]
    parts.append("## Keys\n\n" + markdown_table(["key", "default", "meaning"], rows))
    return _page(*parts)


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("_target_", "`_target_`")


def _page(*parts: str) -> str:
    return _NOTE + "\n" + "\n".join(parts).rstrip() + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the documentation")
    out = parser.parse_args(argv).out
    for name, text in pages().items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
        print(out / name)


if __name__ == "__main__":
    main()
