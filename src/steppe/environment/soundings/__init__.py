"""Winds that were measured or forecast: readers of soundings and of grids on pressure levels, and their checks."""
