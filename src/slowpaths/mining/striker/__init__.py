"""Who faces the ball in a shot, and with which hand."""
