"""Time scales, the turning Earth, geodetic and local frames, and station orbits."""
