"""The live control room: one mission, one clock, one operator, any number of watchers."""
