"""What made the shipped weights of pose=compact: pictures, targets, training, and how well it sees."""
