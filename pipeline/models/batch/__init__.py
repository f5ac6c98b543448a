"""Bedrock batch inference: half the price, hours instead of minutes, and no latency to measure."""

from pipeline.models.batch.following import Next, following
from pipeline.models.batch.jobs import BatchInference
from pipeline.models.batch.lines import batchable, spans, write
from pipeline.models.batch.records import Ending, Job, Place, Progress
from pipeline.models.batch.results import Tally, answers
from pipeline.models.batch.router import Offer, offer

__all__ = [
    "BatchInference",
    "Ending",
    "Job",
    "Next",
    "Offer",
    "Place",
    "Progress",
    "Tally",
    "answers",
    "batchable",
    "following",
    "offer",
    "spans",
    "write",
]
