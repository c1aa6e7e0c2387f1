"""Mine real clips with gold, and write how strokes are found, how each was lost, and a picture of every loss.

usage: python -m scripts.real_clips [--shared ../shared] [--out runs/real_clips] [--only a|b] [--pose movenet]
       [--workers 2] [--crossed runs/calibration] [--oracle] [--limit 6] [--no-mine] [--no-sheets]

Run it again to go on where it stopped. Groups of clips (one scene, else one source) fall into two halves, a and b
together: what is set on one is reported on the other. With --crossed each half is mined with the view classifier and
the two networks of moments that scripts/calibration set on the other half; without it with the shipped ones, which
were set on all of these clips and so say what they remember. It writes

OUT/measures.csv     a row a part (a, b, each half, all) and measure, with the interval over groups
OUT/losses.csv       a row a true delivery: what became of it
OUT/false_claims.csv a row a claim that is none, and what is wrong with it; clips of other sports too
OUT/loss_counts.csv  how often each of these happens: of all, by half, view of the shot, and kind of footage
OUT/uncertainty.csv  by what the claimed uncertainty of an impact must be multiplied so that 68.3 % lie within it
OUT/reliability.csv  of claims about as probable, how many are true within half a second; clips of cricket alone
OUT/sheets           a picture a loss and index.html; third-party pictures, never to be committed
OUT/operating_points.csv
                     with --least P, for mining.min_event_p=P: what is found and true above each probability
OUT/waterfall.csv    with --oracle: measures with more and more stages given the truth, one run of mining each
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from scripts.commands import slowpaths

from slowpaths.core.text import csv_table
from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.halves import half_of, part_of, take_finding
from slowpaths.evaluation.losses import CLAIMS, OUTCOMES
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.measures import TABLES
from slowpaths.evaluation.measures.impact import ONE_SIGMA
from slowpaths.evaluation.mining_check import MinedSet, read_mined
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.report import mining_sample
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.mining.oracle import STAGES
from slowpaths.store.gold_folder import GoldFolder
from slowpaths.store.tables import write_text

SETS = {"a": "footage", "b": "footage_b"}
TAXONOMY = "cricshot10"
LEAST = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)  # probabilities of claims, for operating points
POINT = {"mining_recall_near": "found", "mining_precision_near": "true_claims", "clean_videos": "clean_videos"}
CLAIMED = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)  # probabilities of claims, to hold them against what is true
NO_TRUTH = Truth(name="none", taxonomy=TAXONOMY, deliveries=())
BY = ("set", "half", "true_view", "kind")  # what losses are counted by
Row = dict[str, object]


def main() -> None:
    """Mine, compare with gold, and write the tables and pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--shared", type=Path, default=Path("../shared"), help="folder of footage, footage_b and models"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/real_clips"))
    parser.add_argument("--only", choices=list(SETS), help="one set alone")
    parser.add_argument("--pose", default="movenet", help="who finds people")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--crossed", type=Path, help="folder of scripts/calibration: mine each half by the other one's")
    parser.add_argument(
        "--least", type=float, help="keep claims of this probability and more, and write operating points"
    )
    parser.add_argument("--oracle", action="store_true", help="also mine with more and more stages given the truth")
    parser.add_argument("--limit", type=int, help="the first clips of each folder only, to try it")
    parser.add_argument("--no-mine", action="store_true", help="take the folders of OUT as they are")
    parser.add_argument("--no-sheets", action="store_true", help="draw no pictures")
    asked = parser.parse_args()
    golds = {name: GoldFolder(asked.shared / SETS[name]) for name in ([asked.only] if asked.only else SETS)}
    groups = {file: group for gold in golds.values() for file, group in gold.groups().items()}
    is_part = bool(asked.limit or asked.crossed)
    mined = {
        name: [mined_parts(asked, name, folder, groups) for folder in (gold.clips, gold.negatives)]
        for name, gold in golds.items()
    }
    samples = {name: [compare(golds[name], out, is_part=is_part) for out in mined[name][0]] for name in golds}
    negatives = {name: [other_sports(out) for out in mined[name][1]] for name in golds}
    write_tables(asked.out, golds, samples, negatives)
    write_text(asked.out / "uncertainty.csv", csv_table(uncertainty_factors(samples, groups)))
    write_text(asked.out / "reliability.csv", csv_table(reliability(samples)))
    if asked.least is not None:
        rows = [
            {"least_probability": least, **row}
            for least in LEAST
            if least >= asked.least
            for row in operating_point(golds, mined, groups=groups, is_part=is_part, least=least)
        ]
        write_text(asked.out / "operating_points.csv", csv_table(rows))
    if not asked.no_sheets:
        command = [sys.executable, Path(__file__).parent / "loss_sheets.py", asked.out, "--shared", asked.shared]
        subprocess.run(command, check=True)
    if asked.oracle:
        write_waterfall(asked, golds, samples)


def mined_parts(asked: argparse.Namespace, name: str, clips: Path, groups: Mapping[str, str]) -> list[Path]:
    """Mine a folder of clips, whole or by halves, and return the mined folders."""
    kind = name if clips.name == "clips" else f"negatives_{name}"
    files = sorted(clips.iterdir())[: asked.limit]
    if not asked.crossed:
        parts = {kind: (files if asked.limit else [clips], None)}
    else:
        halves = {
            half: [file for file in files if half_of(groups.get(file.name, file.name)) == half] for half in (0, 1)
        }
        parts = {f"{kind}_half_{half}": (some, half) for half, some in halves.items() if some}
    for folder, (footage, half) in parts.items():
        if not asked.no_mine:
            mine(asked, footage, asked.out / folder, half=half)
    return [asked.out / folder for folder in parts]


def mine(
    asked: argparse.Namespace,
    clips: Sequence[Path],
    out: Path,
    *,
    half: int | None = None,
    gold: GoldFolder | None = None,
    num: int = 0,
) -> None:
    """Mine clips by what was set on the other half, or with the first `num` stages given the truth."""
    footage = f"[{','.join(str(path) for path in clips)}]"
    words = [f"footage={footage}", f"out={out}"]
    words += [f"mining.min_event_p={asked.least}"] if asked.least is not None else []
    words += [f"pose={asked.pose}", f"weights_dir={asked.shared / 'models'}", f"workers={asked.workers}"]
    if half is not None:
        words += [
            f"mining.{kind}_weights={asked.crossed / folder / f'for-half-{half}.npz'}"
            for kind, folder in (("view", "views"), ("moment", "moments"), ("timing", "timing"))
        ]
    words += [f"oracle=[{','.join(STAGES[:num])}]", f"truth={gold.path}"] if gold else []
    slowpaths("mine", *words)


def compare(gold: GoldFolder, mined: Path, *, is_part: bool, least: float = 0.0) -> MiningSample:
    """Compare a mined set with gold; where it is a part, with the gold of the clips that were mined.

    Claims that are less probable than `least` are left out.
    """
    found = claimed(mined, least=least)
    names = {video.path for video in found.videos}
    rows = [row for row in gold.truth_rows() if not is_part or row["video"] in names]
    truth = read_truth(pa.Table.from_pylist(rows), taxonomy=TAXONOMY)
    return mining_sample(found, truth, gold.shots_file, is_complete=True)


def claimed(mined: Path, *, least: float) -> MinedSet:
    """Read a mined set without the claims that are less probable than `least`."""
    found = read_mined(mined)
    return replace(found, deliveries=tuple(claim for claim in found.deliveries if claim.event_p >= least))


def other_sports(mined: Path, *, least: float = 0.0) -> MiningSample:
    """Return clips without a stroke: their claims count among the false ones, not in the precision on cricket."""
    found = claimed(mined, least=least)
    sample = mining_sample(found, NO_TRUTH)
    return replace(sample, losses=mining_sample(found, NO_TRUTH, is_complete=True).losses)


def write_tables(
    out: Path,
    golds: Mapping[str, GoldFolder],
    samples: Mapping[str, Sequence[MiningSample]],
    negatives: Mapping[str, Sequence[MiningSample]],
) -> None:
    """Write the measures of all parts, the losses, the false claims and their counts."""
    groups = {file: group for gold in golds.values() for file, group in gold.groups().items()}
    every = [sample for some in (samples, negatives) for parts in some.values() for sample in parts]
    parts = {
        name: part_of([*samples[name], *negatives[name]], group_of=groups, is_inside=lambda group: True)
        for name in golds
    }
    for half in (0, 1):
        parts[f"half {half}"] = part_of(every, group_of=groups, is_inside=lambda g, half=half: half_of(g) == half)
    parts["all"] = part_of(every, group_of=groups, is_inside=lambda group: True)
    measures = [row for name, sample in parts.items() for row in measure_rows(sample, part=name)]
    write_text(out / "measures.csv", to_csv(measures))
    losses, false = [], []
    for name, gold in golds.items():
        known = {"set": name, "groups": groups, "kinds": gold.kinds()}
        for sample in samples[name]:
            spans = [{"start_s": fate.truth.start_s, "end_s": fate.truth.end_s} for fate in sample.check.fates]
            outcomes = zip(table("outcomes", sample), spans, strict=True)
            losses += [described(row, **known) | span for row, span in outcomes]
        for sample in (*samples[name], *negatives[name]):
            false += [described(row, **known) for row in table("false_deliveries", sample)]
    write_text(out / "losses.csv", to_csv(losses))
    write_text(out / "false_claims.csv", to_csv(false) if false else "set,video,delivery,kind\n")
    counts = [*counted(losses, "outcome", OUTCOMES), *counted(false, "fault", CLAIMS)]
    write_text(out / "loss_counts.csv", csv_table(counts))
    sys.stdout.write(f"{csv_table(counts)}\nwrote measures, losses, false_claims and loss_counts.csv in {out}\n")


def operating_point(
    golds: Mapping[str, GoldFolder],
    mined: Mapping[str, Sequence[Sequence[Path]]],
    *,
    groups: Mapping[str, str],
    is_part: bool,
    least: float,
) -> Table:
    """Return a row a half: what is found, what is true of the claims that are so probable, and their harmonic mean."""
    every = [compare(golds[name], out, is_part=is_part, least=least) for name in golds for out in mined[name][0]]
    every += [other_sports(out, least=least) for name in golds for out in mined[name][1]]
    rows = []
    for part, halves in {"half 0": (0,), "half 1": (1,), "all": (0, 1)}.items():
        sample = part_of(every, group_of=groups, is_inside=lambda group, halves=halves: half_of(group) in halves)
        row = {POINT[item.name]: nan(item.value) for item in take_finding(sample) if item.name in POINT}
        both = row["found"] + row["true_claims"]
        row["harmonic_mean"] = 2 * row["found"] * row["true_claims"] / both if both else 0.0
        rows.append({"part": part, **{name: f"{value:.4f}" for name, value in row.items()}})
    return rows


def uncertainty_factors(samples: Mapping[str, Sequence[MiningSample]], groups: Mapping[str, str]) -> Table:
    """Return for each half, and for all, the factor that is right there and what the other half's would make of it."""
    fates = [fate for parts in samples.values() for sample in parts for fate in sample.check.fates]
    ratios: dict[int, list[float]] = {0: [], 1: []}
    for fate in fates:
        ratio = abs(fate.error_s) / fate.found.impact_uncertainty_s if fate.found else np.nan
        if np.isfinite(ratio):
            ratios[half_of(groups[fate.truth.video])].append(ratio)
    rows: Table = []
    for part, own, other in (("half 0", ratios[0], ratios[1]), ("half 1", ratios[1], ratios[0])):
        factor = within_factor(other)
        row = {"part": part, "num": len(own), "factor": within_factor(own), "factor_of_other_half": factor}
        rows.append({**row, "within": share_within(own, 1.0), "within_by_other_half": share_within(own, factor)})
    both = ratios[0] + ratios[1]
    crossed = sum(nan(row["within_by_other_half"]) * row["num"] for row in rows if row["num"]) / max(1, len(both))
    row = {"part": "all", "num": len(both), "factor": within_factor(both), "factor_of_other_half": float("nan")}
    rows.append({**row, "within": share_within(both, 1.0), "within_by_other_half": crossed})
    return [{key: f"{value:.4f}" if isinstance(value, float) else value for key, value in row.items()} for row in rows]


def reliability(samples: Mapping[str, Sequence[MiningSample]]) -> Table:
    """Return a row for claims that are about as probable: the mean of what they say, and how many are true."""
    checks = [sample.check for parts in samples.values() for sample in parts]
    says = np.array([claim.event_p for check in checks for claim in check.claimed])
    is_true = np.array([near for check in checks for near in check.is_near], dtype=float)
    rows: Table = []
    for low, high in itertools.pairwise(CLAIMED):
        some = (says >= low) & ((says < high) | (high == CLAIMED[-1])) & np.isfinite(is_true)
        if some.any():
            row = {"from": low, "to": high, "num": int(some.sum())}
            rows.append(row | {"claimed": f"{says[some].mean():.4f}", "true": f"{is_true[some].mean():.4f}"})
    return rows


def within_factor(ratios: Sequence[float]) -> float:
    """Return the factor on the uncertainty within which 68.3 % of the errors lie; NaN without any."""
    return float(np.quantile(ratios, ONE_SIGMA)) if ratios else float("nan")


def share_within(ratios: Sequence[float], factor: float) -> float:
    """Return the share of errors within `factor` uncertainties."""
    return float(np.mean(np.array(ratios) <= factor + 1e-9)) if ratios else float("nan")


def measure_rows(sample: MiningSample, **head: str) -> Table:
    """Return a row a measure."""
    return [
        {**head, "measure": item.name, "value": nan(item.value), "low": nan(item.low), "high": nan(item.high),
         "num": item.num, "meaning": item.meaning}
        for item in take_finding(sample)
    ]  # fmt: skip


def nan(value: float | None) -> float:
    """Return a number, NaN for none."""
    return float("nan") if value is None else value


def table(name: str, sample: MiningSample) -> Table:
    """Return a table of the report."""
    return next(spec for spec in TABLES if spec.name == name).rows(sample)


def described(row: Row, *, set: str, groups: Mapping[str, str], kinds: Mapping[str, str]) -> Row:
    """Return a row with set, half, group and kind of footage of its video before it; `kind` of a claim is its fault."""
    video, rest = str(row["video"]), {("fault" if key == "kind" else key): value for key, value in row.items()}
    head = {"set": set, "half": half_of(groups[video]), "group": groups[video], "kind": kinds.get(video) or "unknown"}
    return {**head, **rest}


def counted(rows: Sequence[Row], what: str, words: Mapping[str, str]) -> list[Row]:
    """Return how often each word stands in a column: of all rows, and of those of every set, half, view and kind."""
    counts = Counter((by, str(row[by]), row[what]) for by in BY for row in rows)
    counts.update(("all", "all", row[what]) for row in rows)
    places = sorted({(by, name) for by, name, _ in counts})
    return [
        {"what": what, "by": by, "name": name, "word": word, "count": counts[by, name, word]}
        for by, name in places
        for word in words
        if counts[by, name, word] or by == "all"
    ]


def write_waterfall(
    asked: argparse.Namespace, golds: Mapping[str, GoldFolder], samples: Mapping[str, Sequence[MiningSample]]
) -> None:
    """Mine with one more true stage after another, and write the measures of every run."""
    groups = {file: group for gold in golds.values() for file, group in gold.groups().items()}
    rows: Table = []
    for num in range(len(STAGES) + 1):
        known = dict(samples)
        for name, gold in golds.items() if num else ():
            out = asked.out / "oracle" / f"{num}_{STAGES[num - 1]}" / name
            if not asked.no_mine:
                clips = sorted(gold.clips.iterdir())[: asked.limit] if asked.limit else [gold.clips]
                mine(asked, clips, out, gold=gold, num=num)
            known[name] = [compare(gold, out, is_part=bool(asked.limit))]
        every = [sample for parts in known.values() for sample in parts]
        sample = part_of(every, group_of=groups, is_inside=lambda group: True)
        rows += measure_rows(sample, oracle="+".join(STAGES[:num]) or "nothing")
        losses = Counter(str(row["outcome"]) for row in table("outcomes", sample))
        rows += [{"oracle": rows[-1]["oracle"], "measure": f"lost: {word}", "value": losses[word]} for word in OUTCOMES]
        write_text(asked.out / "waterfall.csv", to_csv(rows))


if __name__ == "__main__":
    main()
