"""Pictures of a flight. Views read columns and events and know no physics."""
