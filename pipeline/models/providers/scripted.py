"""A model whose answers are written down: for tests, rehearsals and demonstrations without any model.

A script file is JSON: {"answers": {sample id: text}, "matches": [[regular expression, text], ...], "default": text,
"calls": {sample id: [{"name": ..., "input": {...}}, ...]}, "latency_s": 0.02, "concurrency": 4, "log": path,
"takes": ["image", "pdf"]}. Without `takes` it takes text only, as most models do. The first expression found in what is asked
answers where no sample id does; `calls` are the tools a sample's answer calls.
`log` gets one line for each call, the sample's id, appended before the answer: it counts calls across processes and kills.
"""

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.hashing import canonical_json
from pipeline.models.failures import failure
from pipeline.models.settings import ModelSettings
from pipeline.records import Output, Request, Sample, Usage

Answers = Callable[[Request], Output | str] | Mapping[str, str]


class ScriptedModel:
    """Answers by a function of the request or by sample id, after `latency_s` seconds; tokens are counted as words.

    A sample without an answer gets `default`, or fails as `not_recorded` when there is none. `calls` and `in_flight` say
    what the model has seen so far and how many calls are open now; `most_in_flight` is the highest that ever was.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        latency_s: float = 0.0,
        concurrency: int = 8,
        ref: str = "scripted:test",
        default: str | None = None,
        log: Path | None = None,
        takes: Collection[str] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.ref, self.concurrency = ref, concurrency
        self.calls = self.in_flight = self.most_in_flight = 0
        self.closed = False
        self._answers, self._default, self._log, self._takes = answers, default, log, frozenset(takes)
        self._latency_s, self._sleep = latency_s, sleep

    async def answer(self, request: Request) -> Output:
        self.calls += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self._log is not None:
                _append(self._log, request.sample_id)
            await self._sleep(self._latency_s)
            return self._output(request)
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        self.closed = True

    def _output(self, request: Request) -> Output:
        if any(each.kind not in self._takes for each in request.attachments):
            said_so = 'This script takes text only; say "takes": ["image", "pdf"] in it to rehearse with files'
            return Output(sample_id=request.sample_id, text=None, failure=failure("attachment", said_so))
        said = self._answers(request) if callable(self._answers) else self._answers.get(request.sample_id, self._default)
        if isinstance(said, Output):
            return said
        if said is None:
            return Output(sample_id=request.sample_id, text=None, failure=failure("not_recorded"))
        return Output(
            sample_id=request.sample_id,
            text=said,
            stop_reason="end_turn",
            usage=Usage(input_tokens=_words(request), output_tokens=len(said.split())),
            latency_s=self._latency_s,
        )


def open_scripted(name: str, samples: Iterable[Sample], settings: ModelSettings) -> ScriptedModel:
    """The model a script file describes; raises InputError when the file is missing or not such a script."""
    script = _read(Path(name))
    log = script.get("log")
    return ScriptedModel(
        _with_calls(_answers(script, name), script),
        latency_s=float(script.get("latency_s", 0.0)),
        concurrency=int(script.get("concurrency", 8)),
        ref=f"scripted:{name}",
        default=script.get("default"),
        log=Path(log) if log else None,
        takes=script.get("takes", ()),
        sleep=settings.sleep,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        script = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The script {path} cannot be read ({error.strerror}). Give the path of a script file.") from error
    except ValueError as error:
        raise InputError(f"The script {path} is not JSON. Write it as {{'answers': {{sample id: text}}}}.") from error
    known = {"answers", "matches", "calls", "default", "latency_s", "concurrency", "log", "takes"}
    if not isinstance(script, dict) or not script.keys() <= known or not isinstance(script.get("answers", {}), dict):
        raise InputError(
            f"The script {path} must be a JSON object with {', '.join(sorted(known))}; answers maps sample ids to texts."
        )
    return script


def _answers(script: Mapping[str, Any], name: str) -> Answers:
    """By sample id, else by what is asked."""
    answers: Mapping[str, str] = script.get("answers", {})
    if not script.get("matches"):
        return answers
    try:
        rules = [(re.compile(pattern, re.DOTALL), str(text)) for pattern, text in script["matches"]]
    except (re.error, TypeError, ValueError) as error:
        raise InputError(
            f"The script {name} has matches that cannot be used. Write pairs of a regular expression and a text."
        ) from error

    def answer(request: Request) -> Output | str:
        asked = "\n".join((request.system, *(turn.text for turn in request.turns)))
        found = next((text for rule, text in rules if rule.search(asked)), script.get("default"))
        said = answers.get(request.sample_id, found)
        return Output(sample_id=request.sample_id, text=None, failure=failure("not_recorded")) if said is None else said

    return answer


def _with_calls(answers: Answers, script: Mapping[str, Any]) -> Answers:
    """`answers` with the tools that a script's samples call; a sample that only calls answers in no words."""
    calls: Mapping[str, Any] = script.get("calls", {})
    if not calls:
        return answers

    def answer(request: Request) -> Output | str:
        made = tuple(canonical_json(call) for call in calls.get(request.sample_id, ()))
        if not made:
            found = answers(request) if callable(answers) else answers.get(request.sample_id, script.get("default"))
            return found or Output(sample_id=request.sample_id, text=None, failure=failure("not_recorded"))
        return Output(sample_id=request.sample_id, text="", stop_reason="tool_use", tool_calls=made)

    return answer


def _append(path: Path, sample_id: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{sample_id}\n".encode())
    finally:
        os.close(handle)


def _words(request: Request) -> int:
    return sum(len(text.split()) for text in (request.system, *(turn.text for turn in request.turns)))
