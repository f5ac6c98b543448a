"""Bedrock batch inference: half the price, hours instead of minutes, and no latency to measure."""
