"""Rules: what they read, what they say, and the votes they cast."""
