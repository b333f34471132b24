"""evalkit: measure open and proprietary language models with the same meter, then decide."""

__version__ = "0.1.0"
