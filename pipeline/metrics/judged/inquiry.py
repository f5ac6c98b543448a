"""How a metric of a library asks our judge: each question with a schema, each ruling counted, each failure kept."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.metrics.judge.port import Bench, JudgeError, Question, Tab

Form = TypeVar("Form", bound=BaseModel)
Rule = Callable[[Sequence[BaseModel], Any], str | None]
"""Given what was ruled before in this cell and a new ruling as JSON: why it cannot be the answer to what was asked, or None."""
NO_RULES: Mapping[str, Rule] = MappingProxyType({})


class Inquiry:
    """All questions a library asks about one cell. Leaving it raises the JudgeError that happened inside, whatever became of it.

    Libraries wrap what a judge raises, ask again without a schema after a TypeError, or go on and call a missing ruling perfect.
    None of that can happen to an error that was kept here. `rules` are by name of the form a ruling must have.
    """

    def __init__(self, bench: Bench, tab: Tab, rules: Mapping[str, Rule] = NO_RULES) -> None:
        self._bench, self._tab, self._rules = bench, tab, rules
        self._unanswered: set[asyncio.Future[None]] = set()
        self.rulings: list[BaseModel] = []
        self.failed: JudgeError | None = None

    async def __aenter__(self) -> "Inquiry":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for calls the library left behind (they are paid, and belong on this cell's tab), then tells what went wrong.

        Anything a library raises becomes a JudgeError of kind "failed": one odd text must not end a run of thousands.
        """
        while self._unanswered:
            await asyncio.wait(self._unanswered)
        if isinstance(problem, JudgeError) or (problem is not None and not isinstance(problem, Exception)):
            return
        if self.failed is not None:
            raise self.failed from problem
        if problem is not None:
            raise JudgeError("failed", f"the metric's library raised {type(problem).__name__}") from problem

    async def ask(self, prompt: str, form: type[Form]) -> Form:
        """The judge's ruling in the form the library wants. Raises JudgeError, and nothing else, from the first failure on."""
        if self.failed is not None:
            raise self.failed
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unanswered.add(answered)
        try:
            ruling = await self._ruling(prompt, form)
        except JudgeError as error:
            self.failed = self.failed or error
            raise
        except (TypeError, AttributeError) as error:
            self.failed = JudgeError("failed", f"asking the judge raised {type(error).__name__}")
            raise self.failed from error
        finally:
            self._unanswered.discard(answered)
            answered.set_result(None)
        self.rulings.append(ruling)
        return ruling

    async def _ruling(self, prompt: str, form: type[Form]) -> Form:
        question = Question(name=form.__name__, prompt=prompt, schema=schema_of(form), mismatch=self._mismatch(form.__name__))
        value = await self._bench.judge.ask(question, self._tab)
        if question.mismatch is not None and (wrong := question.mismatch(value)):
            raise JudgeError("verdict_mismatch", wrong)
        try:
            return form.model_validate(value)
        except ValidationError as error:
            raise JudgeError("bad_json", f"{form.__name__} has {error.error_count()} values of the wrong kind") from None

    def _mismatch(self, name: str) -> Callable[[Any], str | None] | None:
        rule, heard = self._rules.get(name), tuple(self.rulings)
        return None if rule is None else lambda value: rule(heard, value)


def unequal(found: Sequence[Any], asked: Sequence[Any], what: str) -> str | None:
    """The sentence for a ruling that has more or fewer verdicts than there were items, or None."""
    return None if len(found) == len(asked) else f"{len(found)} verdicts for {len(asked)} {what}"


@cache
def schema_of(form: type[BaseModel]) -> str:
    """The JSON schema of a library's form as text, the same for the same form, with no room for properties it does not name."""
    return json.dumps(_closed(form.model_json_schema()), sort_keys=True)


def _closed(node: Any) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    return {**closed, "additionalProperties": False} if node.get("type") == "object" else closed
