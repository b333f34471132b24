"""A finished run → facts with intervals. Pure functions; no model, GPU, network or clock."""
