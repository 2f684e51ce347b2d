"""Recomputes the tables from the source topics with the reference model, and compares them with the changelogs."""
