"""The run directory: an append-only journal while running, Parquet and a manifest when done."""
