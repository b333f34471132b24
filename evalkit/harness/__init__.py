"""The bridge to lm-eval: it owns tasks, prompts, filters and metrics; evalkit owns the model calls and the meter."""
