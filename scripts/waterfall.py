"""Film held-out worlds and measure every stage of mining alone with true input, and all together, and what it uses.

usage: python -m scripts.waterfall [--out runs/waterfall] [--pose compact] [--seed 101] [--balls 15] [--workers 2]

Run it again to go on where it stopped. It writes OUT/measures.csv (every measure of every run), OUT/waterfall.csv (a
row a stage: with true input, and as part of the whole) and OUT/without.csv (all together without the sound, without the
phases of a stroke, without stabilising the picture).
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from scripts.commands import slowpaths

from slowpaths.mining.oracle import STAGES
from slowpaths.world.build import build_world
from slowpaths.world.world_settings import PartSettings, WorldSettings

HELD_OUT = {"is_held_out": True, "venues": ("westdown",), "broadcasters": ("Fox Overseas",)}
WORLDS = {"ordinary": {}, "heldout": HELD_OUT, "clips": {"mode": "clip", "width": 128, "height": 128}}
MEASURES = {
    "boundaries": ("boundary_recall", "boundary_precision"),
    "views": ("view",),
    "replays": ("replay_recall", "replay_precision"),
    "striker": ("striker",),
    "impact": ("mining_recall_near", "mining_recall_live", "mining_precision_near", "impact_within_1",
               "impact_within_2", "impact_within_5", "spotting_map_1_frame",
               "spotting_map_2_frames", "spotting_map_4_frames"),
    "handedness": ("handedness",),
    "labels": ("top1", "macro_f1", "rule_votes"), "labels by majority": ("top1",),
}  # fmt: skip
WITHOUT = ("sound", "phases", "stabilise")  # switched off one at a time, without an oracle
NUMBERS = ("value", "low", "high", "num")


def measure(
    world: Path, mined: Path, *, stages: tuple[str, ...], model: str, pose: str, workers: int, without: str = ""
) -> dict:
    """Mine with the truth for some stages or a cue switched off, label, evaluate, once; return the measures."""
    out = mined / "evaluation" / model
    if not (out / "report.json").exists():
        truth, how = f"truth={world / 'truth'}", (f"pose={pose}", f"workers={workers}", f"label_model={model}")
        told = (f"oracle=[{','.join(stages)}]", *((f"mining.{without}=false",) if without else ()))
        slowpaths("mine", f"footage={world}", f"out={mined}", truth, *how, *told)
        slowpaths("evaluate", f"mined={mined}", truth, f"out={out}")
    return json.loads((out / "report.json").read_text())["measures"]


def main() -> None:
    """Film, mine seven times over, evaluate, and write the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/waterfall"))
    parser.add_argument("--pose", default="compact", help="who finds people: compact, simulated, movenet ...")
    parser.add_argument("--seed", type=int, default=101, help="seed of the worlds; none that anything was set on")
    parser.add_argument("--balls", type=int, default=15, help="balls a match")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    asked = parser.parse_args()
    rows, table, changes = [], [], []
    head = ["world", "pose"]
    for name in asked.worlds:
        world, found = asked.out / name, {}
        part = PartSettings(num_matches=2, balls_per_match=asked.balls, **WORLDS[name])
        made = WorldSettings(name=name, parts={name[0]: part})
        build_world(settings=made, out=world, seed=asked.seed, workers=asked.workers)
        for count in range(len(STAGES) + 1):
            stages = STAGES[:count]
            for model in ("hierarchical", "majority") if count in (0, len(STAGES)) else ("hierarchical",):
                mined = asked.out / f"{name}-{asked.pose}-{count}"
                measures = measure(world, mined, stages=stages, model=model, pose=asked.pose, workers=asked.workers)
                found[count, model] = measures
                label = [name, asked.pose, "+".join(stages) or "nothing", model]
                rows += [[*label, key, *(item[part] for part in NUMBERS)] for key, item in measures.items()
                         if item["value"] is not None]  # fmt: skip
                write(asked.out / "measures.csv", [*head, "oracle", "label_model", "measure", *NUMBERS], rows)
        for count, (stage, keys) in enumerate(MEASURES.items()):
            model = "majority" if "majority" in stage else "hierarchical"
            alone, together = found[min(count, len(STAGES)), model], found[0, model]
            for key in keys:
                values = [measures.get(key, {}).get(part) for measures in (alone, together) for part in NUMBERS]
                table.append([name, asked.pose, stage, key, *values])
        ablated = {
            what: measure(world, asked.out / f"{name}-{asked.pose}-without-{what}", stages=(), model="hierarchical",
                          pose=asked.pose, workers=asked.workers, without=what)
            for what in WITHOUT
        }  # fmt: skip
        changes += without_rows(name, found[0, "hierarchical"], ablated)
        columns = [
            f"{what}_{part}" for what in ("whole", *(f"no_{what}" for what in WITHOUT)) for part in ("value", "num")
        ]
        write(asked.out / "without.csv", ["world", "measure", *columns], changes)
        write(asked.out / "waterfall.csv", [*head, "stage", "measure", *(f"alone_{part}" for part in NUMBERS),
                                            *(f"together_{part}" for part in NUMBERS)], table)  # fmt: skip


def without_rows(name: str, whole: dict, ablated: dict[str, dict]) -> list[list[object]]:
    """Return a row for each measure that switching something off may change: value with everything and without each."""
    keys = [*MEASURES["striker"], *MEASURES["impact"], *MEASURES["handedness"], *MEASURES["labels"]]
    return [
        [
            name,
            key,
            *(found.get(key, {}).get(part) for found in (whole, *ablated.values()) for part in ("value", "num")),
        ]
        for key in keys
    ]


def write(path: Path, head: list[str], rows: list[list[object]]) -> None:
    """Write a CSV, numbers to four digits."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([[f"{cell:.4g}" if isinstance(cell, float) else cell for cell in row] for row in rows])


if __name__ == "__main__":
    main()
