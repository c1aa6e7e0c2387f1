"""The gap: what accuracy tells, and does not tell, of usefulness over a population of systems."""
