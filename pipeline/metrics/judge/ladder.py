"""How a model is made to answer in JSON: by schema, by a forced tool, or by asking; one step down at each refusal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from pipeline.metrics.judge.port import Question
from pipeline.models.failures import KINDS
from pipeline.records import Failure, Parameters, Request, Tool, Turn

# Constraints the structured outputs of Bedrock and of some servers that speak like OpenAI do not take; replies are checked
# against the whole schema anyway.
# https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
_LEFT_OUT = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
        "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    }
)  # fmt: skip
_NAMES = frozenset({"properties", "$defs", "definitions"})


class Rung(IntEnum):
    """From the surest way to the least sure one."""

    SCHEMA = 0
    TOOL = 1
    TEXT = 2


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """How one model is asked. `bare` leaves out the temperature, for models that take none."""

    rung: Rung = Rung.SCHEMA
    bare: bool = False

    def request(self, key: str, question: Question, turns: tuple[Turn, ...], parameters: Parameters, ref: str) -> Request:
        """`turns` as a call, asked for whole; its sample id is the ruling's key."""
        if self.bare:
            parameters = replace(parameters, temperature=None)
        request = Request(sample_id=key, system=question.system, turns=turns, parameters=parameters, stream=False)
        if self.rung is Rung.TEXT:
            form = f"Reply with one JSON object and nothing else. It must fit this JSON schema:\n{question.schema}"
            asked = f"{turns[0].text}\n\n{form}"
            return replace(request, turns=(replace(turns[0], text=asked), *turns[1:]))
        schema = sendable(question.schema) if ref.startswith(("bedrock:", "openai:")) else question.schema
        if self.rung is Rung.TOOL:
            return replace(request, tool=Tool(name=question.name, schema=schema))
        return replace(request, parameters=replace(parameters, json_schema=schema))

    def after(self, problem: Failure | None) -> "Way | None":
        """The way to try when the provider refused the request as it is; None when another way would not help."""
        if problem is None or problem.kind != "validation":
            return None
        said = problem.message.removesuffix(KINDS["validation"].way_out).lower()
        if not self.bare and "temperature" in said:
            return replace(self, bare=True)
        return replace(self, rung=Rung(self.rung + 1)) if self.rung is not Rung.TEXT else None

    def both(self, other: "Way") -> "Way":
        """What either of two calls had to learn."""
        return Way(max(self.rung, other.rung), self.bare or other.bare)


def sendable(schema: str) -> str:
    """`schema` as structured outputs take it: without constraints they refuse, with every object closed."""
    return json.dumps(_plainer(json.loads(schema)), ensure_ascii=False)


def _plainer(value: Any) -> Any:  # noqa: ANN401  any part of a JSON schema
    if isinstance(value, list):
        return [_plainer(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept = {
        key: {name: _plainer(part) for name, part in item.items()} if key in _NAMES else _plainer(item)
        for key, item in value.items()
        if key not in _LEFT_OUT
    }
    return {**kept, "additionalProperties": kept.get("additionalProperties", False)} if "properties" in kept else kept
