"""Outputs that came with the dataset, answered as if the source model were called again."""

from collections.abc import Iterable

from pipeline.models.failures import failure
from pipeline.models.settings import ModelSettings
from pipeline.records import Output, RecordedOutput, Request, Sample


def open_recorded(name: str, samples: Iterable[Sample], settings: ModelSettings) -> "RecordedModel":
    """The recorded outputs of `samples`; any `name` will do, it says which model they came from."""
    return RecordedModel(name, samples)


class RecordedModel:
    """Answers a sample with its recorded output; one without fails as `not_recorded`. Prompt and images are not looked at."""

    concurrency = 64

    def __init__(self, name: str, samples: Iterable[Sample]) -> None:
        self.ref = f"recorded:{name}"
        self._outputs: dict[str, RecordedOutput] = {s.id: s.recorded for s in samples if s.recorded is not None}

    async def answer(self, request: Request) -> Output:
        recorded = self._outputs.get(request.sample_id)
        if recorded is None:
            return Output(sample_id=request.sample_id, text=None, failure=failure("not_recorded"))
        return Output(
            sample_id=request.sample_id,
            text=recorded.text,
            stop_reason="recorded",
            usage=recorded.usage,
            latency_s=recorded.latency_s,
        )

    async def close(self) -> None:
        """Nothing is held open."""
