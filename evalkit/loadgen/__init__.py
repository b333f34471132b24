"""Servers that answer by a script, so that evalkit's meter can be checked against an independent truth."""
