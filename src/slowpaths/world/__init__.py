"""A synthetic cricket world with exact truth: people, ball, cameras, edit, pictures and sound."""
