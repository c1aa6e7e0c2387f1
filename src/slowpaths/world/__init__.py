"""A synthetic cricket world with exact truth: people, ball, cameras, edit, pictures and sound.

Data flows one way, and imports only up this list:

- `presets`, `world_settings`: the grounds, broadcasters and cameras there are; what a world is to hold.
- `action`: what happens on the field, in metres and seconds from impact: strokes, bodies, ball, everybody, clothes.
- `camera`: who films it and how: cameras and their operators, the edit, and the staging of every shot in pixels.
- `simulate`, `truth_tables`: what every shot truly shows, as arrays and as tables, without drawing it.
- `picture`, `soundtrack`: what is seen and heard.
- `build`: videos and truth of a whole world, in parallel and resumable.
"""
