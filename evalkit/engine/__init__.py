"""Tokens in, log-likelihoods and tokens out: the computing core, on torch alone."""
