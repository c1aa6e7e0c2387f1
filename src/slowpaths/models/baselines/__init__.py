"""Networks to compare SlowFast with: one pathway, other kinds of convolutions, the skeleton alone, frozen pictures."""
