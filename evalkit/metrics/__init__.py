"""Formulas of the metrics: pure functions of records, each documented where it is computed."""
