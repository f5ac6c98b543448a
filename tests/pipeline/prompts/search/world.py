"""A world in which the best prompt is known: a task model right more often where the prompt names what a sample needs, and a
writer that adds what the failures it is shown ask for, one lesson an answer."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.methods import METHODS, candidates
from pipeline.prompts.port import Ask
from pipeline.prompts.search.journal import Journal, MemoryJournal
from pipeline.prompts.search.meter import Meter
from pipeline.prompts.search.probe import Paid, Probe
from pipeline.prompts.template import parse_prompt
from pipeline.records import Candidate, Criteria, MetricChoice, RecordedOutput, Request, Sample, UseCase

LESSONS = {
    "json": "reply with one JSON object",
    "unit": "state the unit of every number",
    "year": "name the fiscal year",
    "none": "say NOT FOUND when nothing fits",
}
CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True, margin=0.05),))
TASK, WRITER = "scripted:task", "scripted:writer"
SECRET = "the heron stood motionless beside its private frozen pond"


def chance(*of: object) -> float:
    """A number in [0, 1) that depends on nothing but what is given."""
    return int(hashlib.sha256("|".join(map(str, of)).encode()).hexdigest()[:8], 16) / 2**32


def samples(n: int, tag: str) -> tuple[Sample, ...]:
    names = list(LESSONS)
    return tuple(
        Sample(
            id=f"{tag}-{i}",
            variables={"question": f"{names[i % 4]} {tag} {i}", "context": f"{SECRET} {tag}{i}" if i % 5 == 0 else "c"},
            reference=f"GOOD {names[i % 4]}",
            recorded=RecordedOutput(text=f"GOOD {names[i % 4]}" if chance("source", tag, i) < 0.95 else "BAD"),
        )
        for i in range(n)
    )


def task(log: Path | None = None, latency_s: float = 0.0) -> ScriptedModel:
    """Right with 0.9 where the prompt teaches what the sample needs, else with 0.35; always the same for the same prompt."""

    def answer(request: Request) -> str:
        asked = "\n".join((request.system, *(turn.text for turn in request.turns)))
        need = next(name for name in LESSONS if f"Q: {name} " in asked)
        taught = LESSONS[need] in asked
        good = chance("task", taught, request.sample_id) < (0.9 if taught else 0.35)
        return f"{'GOOD' if good else 'BAD'} {need}"

    return ScriptedModel(answer, ref=TASK, log=log, latency_s=latency_s)


def writer(log: Path | None = None, plant: str | None = None) -> ScriptedModel:
    """Adds the first lesson that a failure asks for; every second answer also brings in what is planted."""
    answers = 0

    def answer(request: Request) -> str:
        nonlocal answers
        answers += 1
        asked = request.turns[0].text
        found = re.search(r"<prompt>\n(.*?)\n</prompt>", asked, re.DOTALL)
        rows = [json.loads(line) for line in asked.split("<samples>\n")[1].split("\n</samples>")[0].splitlines()]
        failed = [row["expected"].removeprefix("GOOD ") for row in rows if row["score"] < 1]
        text = found[1] if found else ""
        missing = [LESSONS[name] for name in failed if LESSONS[name] not in text]
        new = text + "".join(f"\n- {lesson}" for lesson in dict.fromkeys(missing))
        bad = f"\n{plant}" if plant and answers % 2 else ""
        return f"<why>It names what the failed samples needed.</why>\n<prompt>\n{new}{bad}\n</prompt>"

    return ScriptedModel(answer, ref=WRITER, log=log)


def asking(dev: Sequence[Sample], test: Sequence[Sample] = ()) -> Ask:
    prompt = parse_prompt("Answer from {context}.\nQ: {question}")
    return Ask(prompt=prompt, target=TASK, use_case=UseCase.CHAT, dev=tuple(dev), held_out=tuple(test), seed=7)


def probing(model: ScriptedModel, meter: Meter, journal: Journal | None = None) -> Probe:
    return Probe(model=model, criteria=CRITERIA, journal=MemoryJournal() if journal is None else journal, meter=meter)


def paid_writer(model: ScriptedModel, probe: Probe) -> Paid:
    return Paid(model, probe.journal, probe.meter)


async def portfolio(ask: Ask) -> tuple[Candidate, ...]:
    return await candidates(ask, {name: method for name, method in METHODS.items() if not name.startswith("conversion")})
