"""Pretraining objectives: what a network can be taught before it is told a stroke.

An objective is an `EmaModule` named by `objective._target_`. It is called with `network`, `optim`, `run`,
`feature_names` and its own arguments, logs the loss that its `monitor` names, and lists in `scores` how well it does.
`composition.Composition` is one that sums parts, each a file of this folder; it is shown two views of every clip.
"""
