"""Mission, vehicle and zone files: their schema, the loader with readable errors, and the presets."""
