"""Blocks as text: each form walks the same tables, so that a table is built once for all of them."""
