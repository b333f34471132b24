"""Measurements and a scenario → what each deployment costs over its life, and how sure that is. Pure functions."""
