"""Missions become flights: plan, phases, simulation, result."""
