"""How many input tokens a request has, as Bedrock counts it: CountTokens, which is free and which some models have.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html. Counts are those of the model behind an
inference profile; models that are served through profiles only are not counted here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.models.catalog.names import base
from pipeline.records import Failure

_PARTS = ("messages", "system", "toolConfig")
PASSING = frozenset({"throttled", "transient", "timeout"})
Call = Callable[[Callable[[], int]], Awaitable[int | Failure]]


@dataclass(slots=True)
class TokenCounter:
    """Asks until it is told once that this model, or this account, does not count."""

    model_id: str
    refused: bool = False

    async def count(self, converse: Mapping[str, Any], call: Call, client: Callable[[], Any]) -> int | None:
        """Input tokens of the arguments of Converse; None where they are not counted. `call` runs one call beside the loop."""
        if self.refused:
            return None
        counted = await call(lambda: self._asked(converse, client()))
        if isinstance(counted, Failure):
            self.refused = counted.kind not in PASSING
            return None
        return counted

    def _asked(self, converse: Mapping[str, Any], client: Any) -> int:  # noqa: ANN401  boto3 builds its clients at run time
        parts = {name: converse[name] for name in _PARTS if name in converse}
        answer = client.count_tokens(modelId=base(self.model_id), input={"converse": parts})
        return int(answer["inputTokens"])
