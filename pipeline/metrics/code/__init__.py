"""Metrics that code computes: one file for each form of answer."""
