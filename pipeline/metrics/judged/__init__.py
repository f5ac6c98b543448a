"""Metrics that a judge scores: Ferry's own and thin adapters over the metric classes of Ragas and DeepEval."""
