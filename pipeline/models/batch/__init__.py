"""Bedrock batch inference: half the price, hours instead of minutes, and no latency to measure."""

from pipeline.models.batch.jobs import BatchInference
from pipeline.models.batch.records import BatchJob, Ending, Place, Progress
from pipeline.models.batch.router import Offer, offer

__all__ = ["BatchInference", "BatchJob", "Ending", "Offer", "Place", "Progress", "offer"]
