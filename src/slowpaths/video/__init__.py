"""Pixels, sound and time: probing, decoding, scanning, shots, camera motion, writing clips."""
