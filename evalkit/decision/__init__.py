"""Facts → build, buy, blend, or not decidable: explicit rules over quality, service level, budget, data and horizon."""
