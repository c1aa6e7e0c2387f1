"""Which shots a video has: boundaries, views, replays."""
