"""Plot the fused signals behind every impact of one video: python scripts/inspect_mining.py VIDEO OUT.png."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from slowpaths.mining.impact.evidence import Evidence
from slowpaths.mining.impact.instant_features import Standing
from slowpaths.mining.impact.signals import Signals
from slowpaths.mining.pipeline import mine_video
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.striker import selection
from slowpaths.pose.estimate import build_pose
from slowpaths.video.probe import probe


def main() -> None:
    """Mine the video without writing clips, and draw what localisation saw of every candidate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pose", default="auto")
    parser.add_argument("--weights-dir", type=Path)
    args = parser.parse_args()
    seen: list[tuple[Signals, Evidence]] = []

    def remember(signals: Signals, standing: Standing, **options: str) -> Evidence:
        evidence = weigh(signals, standing, **options)
        if evidence.times_s.size:
            seen.append((signals, evidence))
        return evidence

    root, weigh = args.video.parent, selection.weigh
    with patch.object(selection, "weigh", remember):
        mined = mine_video(
            probe(args.video, root=root),
            root=root,
            out=args.out.parent,
            pose=build_pose(args.pose, weights_dir=args.weights_dir),
            settings=replace(MiningSettings(), write_clips=False),
        )
    for shot in mined.shots:
        print(f"{shot.shot_id} {shot.span.start_s:8.2f} {shot.view} {shot.view_probability:.2f}")
    for delivery in mined.deliveries:
        print(f"{delivery.delivery_id} +-{delivery.impact_uncertainty_s:.2f} s  P {delivery.event_p:.2f}")
    if not seen:
        raise SystemExit("no shot of this video was searched for strokes")
    impacts = [delivery.impact_s for delivery in mined.deliveries]
    draw(seen, impacts, args.out)


def draw(seen: list[tuple[Signals, Evidence]], impacts: list[float], out: Path) -> None:
    """Draw one row a candidate: movement, camera and posture above, the evidence and its parts below."""
    figure, axes = plt.subplots(2 * len(seen), 1, figsize=(12, 4.2 * len(seen)), squeeze=False)
    for number, (signals, evidence) in enumerate(seen):
        upper, lower = axes[2 * number, 0], axes[2 * number + 1, 0]
        for name, times_s, values in (
            ("hands", signals.pts_s, signals.hand_speed_T),
            ("flow", signals.between_s, signals.flow_T),
            ("camera", signals.between_s, signals.camera_T),
        ):
            top = np.nanmax(values) if np.isfinite(values).any() else 1.0
            upper.plot(times_s, values / max(top, 1e-9), label=f"{name} (largest {top:.2f})")
        upper.fill_between(signals.pts_s, 0, 0.1 * np.nan_to_num(signals.guard_T), alpha=0.4, label="in guard")
        lower.plot(evidence.times_s, evidence.log_rate_G, "k", label="log of impacts expected in each step")
        for name in ("movement_G", "heard_G", "repeated_G"):
            lower.plot(evidence.times_s, getattr(evidence, name), lw=0.8, label=name.removesuffix("_G"))
        for axis in (upper, lower):
            for impact_s in impacts:
                if signals.pts_s[0] <= impact_s <= signals.pts_s[-1]:
                    axis.axvline(impact_s, color="m", lw=1)
            axis.set_xlim(signals.pts_s[0], signals.pts_s[-1])
            axis.legend(fontsize=7, loc="upper left")
    figure.tight_layout()
    figure.savefig(out, dpi=80)


if __name__ == "__main__":
    main()
