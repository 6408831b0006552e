"""Campaigns: many returns, each with its own errors, drawn from (seed, number of the sample) alone."""
