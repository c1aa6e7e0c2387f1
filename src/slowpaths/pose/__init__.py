"""People: detection and pose behind one protocol, tracks, kinematics."""
