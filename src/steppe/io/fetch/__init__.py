"""Gets winds, elements and space weather from public services, when the user asks, into a cache with checksums."""
