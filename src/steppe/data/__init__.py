"""Bundled data: coastlines, space weather, real returns."""
