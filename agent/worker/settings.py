"""What an operator decides about a worker."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.handover import CRON, TIMEZONE
from pipeline.models.catalog import Catalog
from pipeline.models.limits import Rules
from pipeline.models.settings import ModelSettings

if TYPE_CHECKING:
    from pipeline.aws.s3 import Bucket
    from pipeline.metrics.evaluations import Place as EvaluationPlace
    from pipeline.models.batch.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """`name` is this worker's alone and stays the same over restarts: by it a killed worker gets back at once what it had begun.

    It says that it lives every `beat_s`, and `dead_s` after the last time others take its work. `chunks` is how many chunks are
    taken at once (calls at once are bounded by each model), `works` how many other works, `sweep_s` how often the facts are
    compared with what is submitted, `stop_s` how long in-flight work may take to stop. `evaluation` is where second opinions are
    asked for; None: they are not. `writer` is the model that may be asked to write prompts, instead of the judge of each plan.
    `advpo` is where jobs of Advanced Prompt Optimization keep their files; None: it is not asked for. `batch` is where batch jobs
    read and write; None: there are none.
    `limits` are what the operator says of the pace of models.
    """

    name: str = "worker-1"
    beat_s: float = 1.0
    dead_s: float = 5.0
    chunks: int = 16
    works: int = 4
    sweep_s: float = 2.0
    stop_s: float = 5.0
    poll_s: float = 0.2
    cron: str = CRON
    timezone: str = TIMEZONE
    evaluation: "EvaluationPlace | None" = None
    writer: str = ""
    advpo: "Bucket | None" = None
    batch: "Place | None" = None
    limits: Rules = field(default_factory=Rules)
    models: ModelSettings = field(default_factory=ModelSettings)
    catalog: Catalog = field(default_factory=Catalog)
