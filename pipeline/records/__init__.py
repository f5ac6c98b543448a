"""The frozen records of the pipeline: what a migration is about, what a model said, what it is worth.

Words are those of the glossary in docs/architecture.md. Every record is immutable; a changed thing is a new record.
"""

from pipeline.records.attachments import Attachment
from pipeline.records.calls import Failure, Lane, Model, Output, Request, Retry, Tool
from pipeline.records.criteria import Check, Criteria, JudgeChoice, MetricChoice, Rubric, RubricKind
from pipeline.records.evidence import (
    Agreement,
    Cause,
    Claims,
    Comparison,
    Coverage,
    ErrorGroup,
    Interval,
    RunKey,
    RunResult,
    Score,
    Spent,
    Verdict,
)
from pipeline.records.prompts import Candidate, Edit, Parameters, PromptVersion, Step, Syntax, Toolset, ToolSpec, Turn
from pipeline.records.samples import Dataset, Finding, PriorScores, RecordedOutput, Sample, Split, Usage, UseCase

__all__ = [
    "Agreement",
    "Attachment",
    "Candidate",
    "Cause",
    "Check",
    "Claims",
    "Comparison",
    "Coverage",
    "Criteria",
    "Dataset",
    "Edit",
    "ErrorGroup",
    "Failure",
    "Finding",
    "Interval",
    "JudgeChoice",
    "Lane",
    "MetricChoice",
    "Model",
    "Output",
    "Parameters",
    "PriorScores",
    "PromptVersion",
    "RecordedOutput",
    "Request",
    "Retry",
    "Rubric",
    "RubricKind",
    "RunKey",
    "RunResult",
    "Sample",
    "Score",
    "Spent",
    "Split",
    "Step",
    "Syntax",
    "Tool",
    "ToolSpec",
    "Toolset",
    "Turn",
    "Usage",
    "UseCase",
    "Verdict",
]
