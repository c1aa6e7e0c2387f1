"""Pretraining objectives: what a network can be taught before it is told a stroke.

An objective is an `EmaModule` named by `objective._target_`. It is called with `network`, `optim`, `run`,
`feature_names` and its own arguments, logs the loss that its `monitor` names, and lists in `scores` how well it does.
"""
