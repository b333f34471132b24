"""Baseline × candidate × policy → verdicts: may this upgrade go in?"""
