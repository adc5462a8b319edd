"""Measurements: `make bench` prints a table and writes bench.json. Ratios and bounds, never timed tests."""
