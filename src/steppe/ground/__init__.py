"""On the ground and on the way to it: fragments, hazard areas, risk, and recovery."""
