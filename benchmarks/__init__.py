"""Benchmarks: one file a figure; `python -m benchmarks` runs them all. README.md has the method and the results."""
