"""What is seen: ground, figures, graphics and the studio that draws staged shots; the only user of OpenCV but build."""
