"""A judge that is always right, on texts whose statements are their sentences: what metrics and runs are tested against."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pipeline.metrics.judge.embedders import HashingEmbedder
from pipeline.metrics.judge.model_judge import ModelJudge
from pipeline.metrics.judge.port import Bench
from pipeline.metrics.judge.rulings import MemoryRulings, RulingCache
from pipeline.models import ScriptedModel
from pipeline.models.providers.scripted import Answers
from pipeline.records import Output, Request, Sample

REFERENCE = "The fee is 5 euros. It is due in May. Cards are exempt. Cash is not."


def texts(request: Request) -> dict[str, str]:
    """The tagged texts of a question as the judge sees them."""
    found = re.findall(r"<(\w+) ([0-9a-f]{8})>\n(.*?)\n</\1 \2>", request.turns[0].text, re.DOTALL)
    return {tag: text for tag, _, text in found}


def kind(request: Request) -> str:
    """Which of Ferry's questions this is: statements, support, yes_no, scale or preference."""
    schema = json.loads(request.parameters.json_schema or "{}")["properties"]
    if "verdicts" in schema:
        return "support" if "supported" in schema["verdicts"]["items"]["properties"] else "yes_no"
    return "statements" if "statements" in schema else "scale" if "score" in schema else "preference"


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def oracle(request: Request) -> str:
    """The right ruling: a statement is supported where the evidence says it word for word; longer answers are better."""
    given = texts(request)
    return json.dumps(_RULINGS[kind(request)](request, given))


def _statements(_request: Request, given: dict[str, str]) -> Any:
    return {"statements": sentences(given["text"])}


def _support(_request: Request, given: dict[str, str]) -> Any:
    known = set(sentences(given["evidence"]))
    lines = [line.partition(". ") for line in given["statements"].split("\n")]
    verdicts = [{"item": int(n), "reason": "looked up", "supported": said in known} for n, _, said in lines]
    return {"verdicts": verdicts}


def _yes_no(request: Request, given: dict[str, str]) -> Any:
    asked = re.findall(r'^(\d+)\. Does it say "(.*)"\?$', request.turns[0].text, re.MULTILINE)
    return {
        "verdicts": [{"item": int(n), "reason": "read", "verdict": "yes" if w in given["answer"] else "no"} for n, w in asked]
    }


def _scale(_request: Request, given: dict[str, str]) -> Any:
    shared = set(sentences(given["answer"])) & set(sentences(given.get("reference", "")))
    return {"reasoning": f"{len(shared)} sentences", "score": min(10, 1 + 3 * len(shared))}


def _preference(_request: Request, given: dict[str, str]) -> Any:
    first, second = len(given["first"]), len(given["second"])
    return {"reason": "length", "better": "tie" if first == second else "first" if first > second else "second"}


_RULINGS = {"statements": _statements, "support": _support, "yes_no": _yes_no, "scale": _scale, "preference": _preference}


def bench(
    answers: Answers = oracle, *, panel: Sequence[Answers] = (), cache: RulingCache | None = None, **more: Any
) -> tuple[Bench, ScriptedModel]:
    """A bench whose judge answers like that, and its model."""
    cache = MemoryRulings() if cache is None else cache
    model = ScriptedModel(
        answers, ref="scripted:judge", concurrency=more.pop("concurrency", 8), latency_s=more.pop("latency_s", 0.0)
    )
    judges = tuple(ModelJudge(ScriptedModel(said, ref=f"scripted:p{n}"), cache) for n, said in enumerate(panel, 1))
    return Bench(judge=ModelJudge(model, cache), embedder=HashingEmbedder(512), panel=judges, **more), model


def sample(sample_id: str = "s1", reference: str | None = REFERENCE, **variables: str) -> Sample:
    return Sample(id=sample_id, variables=variables or {"question": "What does it cost?"}, reference=reference)


def output(text: str | None, sample_id: str = "s1", **more: Any) -> Output:
    return Output(sample_id=sample_id, text=text, **more)
