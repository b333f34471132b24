"""Clocks and probes: what the host and the GPUs did while a cell ran."""
