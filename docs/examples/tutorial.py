"""From footage to a corrected label set, and how good it is. Run it anywhere: it writes below runs/tutorial."""

from pathlib import Path

import numpy as np
import pyarrow.csv as csv
from matplotlib import pyplot as plt

import slowpaths

# Footage: a folder of videos. Here two short synthetic matches, so that there is truth to compare with.
out = Path("runs/tutorial")
world = slowpaths.film_world(out / "world", num_matches=2, balls_per_match=4, seed=1)

# Mine: find the balls, measure them, cut their clips, let rules vote and weigh the votes.
mined = slowpaths.mine(world, out / "mined", pose="compact")
print(mined)

# Look at the label the label model is least sure of: what was voted, why, and the clip itself.
least = mined.labels().sort_by("confidence").slice(0, 2).to_pylist()
for vote in mined.votes(least[0]["delivery_id"]).to_pylist():
    print(vote["rule"], vote["symbol"], vote["evidence"])
frames = mined.clip(least[0]["delivery_id"])  # (T, H, W, 3), uint8, RGB
plt.imsave(out / "clip.png", np.hstack(frames[::8]))

# Correct two labels. You would watch the clips; the synthetic world knows what you would see.
truth = csv.read_csv(world / "truth" / "truth.csv").to_pylist()


def watch(ball):
    """Return the stroke that is seen."""
    shown = [row for row in truth if row["video"] == ball["video"] and row["impact_s"] is not None]
    return min(shown, key=lambda row: abs(row["impact_s"] - ball["impact_s"]))["label"]


gold = {ball["delivery_id"]: watch(ball) for ball in least}
before = slowpaths.evaluate(mined, world)
mined = slowpaths.label(mined, gold=gold)
after = slowpaths.evaluate(mined, world, out=out / "evaluation")

# What did it change? Every earlier label set is still there.
print(f"strokes named right: {before['top1'].value:.2f}, then {after['top1'].value:.2f}")
for card in mined.label_sets():
    print(card.fingerprint, card.label_model, "gold:", card.configuration["gold"])
