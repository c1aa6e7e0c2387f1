"""What set how strokes are found: gold of real clips and synthetic worlds in, small arrays out."""
