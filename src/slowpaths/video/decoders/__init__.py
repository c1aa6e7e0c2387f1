"""The decoders behind `open_video`, one a file."""
