"""Figures with their floors and bounds, on generated exports: `make bench` runs them, one file per slice."""
