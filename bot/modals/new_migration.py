"""The form that starts a migration. Name and use case have to be filled in; the rest can be told later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.blocks import limits
from bot.modals import kit
from bot.modals.details import (
    PROMPT_HINT,
    SOURCE_HINT,
    TARGETS_HINT,
    people_problem,
    read_prompt,
    read_ref,
    read_refs,
    read_stop,
    read_tokens,
)
from pipeline.errors import InputError
from pipeline.records import Parameters, PromptVersion, UseCase

CALLBACK = "new_migration"
STOP = "One a line, as the source has them; \\n is a line break."
LONG_PROMPT = (
    "The earlier one is longer than a form takes. Leave this empty, and drop the dataset that records it into the thread."
)
DEFAULTS = Parameters()
DEFAULT_SOURCE = "recorded:source"
FILE_TYPES = ("csv", "jsonl", "json", "xlsx", "tsv", "txt", "ndjson", "parquet", "zip")
USE_CASES = {
    UseCase.CLASSIFICATION: "Classification",
    UseCase.EXTRACTION: "Extraction",
    UseCase.RAG: "RAG question answering",
    UseCase.SUMMARIZATION: "Summarization",
    UseCase.CHAT: "Chat",
    UseCase.CODE: "Code",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """What the form opens with. `channel` is where the thread will live, `again_of` the migration it repeats."""

    channel: str = ""
    name: str = ""
    use_case: str = ""
    source: str = ""
    targets: str = ""
    prompt: str = ""
    parameters: Parameters = DEFAULTS
    smes: tuple[str, ...] = ()
    owner: str | None = None
    again_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewForm:
    """What a person filled in. `files` are Slack's descriptions of uploaded files, at most one."""

    channel: str
    again_of: str | None
    name: str
    use_case: UseCase
    source: str
    targets: tuple[str, ...]
    prompt: PromptVersion
    smes: tuple[str, ...]
    owner: str | None
    files: tuple[Mapping[str, Any], ...]


def view(start: Prefill) -> dict[str, Any]:
    """The form, with what is known already."""
    targets = kit.text_input(start.targets, multiline=True)
    prompt, about = (start.prompt, PROMPT_HINT) if len(start.prompt) <= limits.INPUT_TEXT else ("", LONG_PROMPT)
    one_line = "CSV, JSONL, JSON or XLSX, a line for each sample; or a ZIP with it and its images and PDFs."
    return kit.modal(
        CALLBACK,
        "New migration",
        [
            kit.field("name", "Name", kit.text_input(start.name, limit=100, placeholder="Support classifier")),
            kit.field("use_case", "Use case", kit.select(USE_CASES.items(), start.use_case)),
            kit.field("source", "Source model", kit.text_input(start.source, limit=200), hint=SOURCE_HINT, optional=True),
            kit.field("targets", "Target models", targets, hint=TARGETS_HINT, optional=True),
            kit.field("prompt", "Prompt", kit.text_input(prompt, multiline=True), hint=about, optional=True),
            kit.field(
                "tokens", "Longest answer in tokens", kit.text_input(str(start.parameters.max_tokens), limit=7), optional=True
            ),
            kit.field(
                "stop", "Stop sequences", kit.text_input(_stops(start), multiline=True, limit=400), hint=STOP, optional=True
            ),
            kit.field("dataset", "Dataset", kit.files(FILE_TYPES), hint=one_line, optional=True),
            kit.field("smes", "SMEs", kit.people(start.smes), hint="They judge blind pairs of answers.", optional=True),
            kit.field("owner", "Owner", kit.person(start.owner), hint="Signs off at the end; not you.", optional=True),
        ],
        submit="Start",
        meta={"channel": start.channel, "again_of": start.again_of},
    )


def read(submitted: kit.View, requester: str) -> tuple[NewForm | None, dict[str, str]]:
    """What was filled in, or what is wrong with it by field; never both."""
    given, meta = kit.values(submitted), kit.meta(submitted)
    texts = {name: kit.text_of(given.get(name, {})) for name in READERS}
    owner = next(iter(kit.people_of(given.get("owner", {}))), None)
    smes = kit.people_of(given.get("smes", {}))
    errors = problems(texts) | people_problem(requester, owner, smes)
    if errors:
        return None, errors
    form = NewForm(
        channel=meta.get("channel", ""),
        again_of=meta.get("again_of") or None,
        name=texts["name"],
        use_case=UseCase(texts["use_case"]),
        source=read_ref(texts["source"] or DEFAULT_SOURCE),
        targets=read_refs(texts["targets"]),
        prompt=_prompt(texts),
        smes=smes,
        owner=owner,
        files=kit.files_of(given.get("dataset", {})),
    )
    return form, {}


def problems(texts: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the texts of a form, by field; fields that are not in the form are not checked."""
    found: dict[str, str] = {}
    for field, text in texts.items():
        try:
            READERS[field](text)
        except InputError as error:
            found[field] = error.message[:1900]
    return found


def _prompt(texts: Mapping[str, str]) -> PromptVersion:
    parameters = Parameters(max_tokens=read_tokens(texts["tokens"]), stop=read_stop(texts["stop"]))
    return replace(read_prompt(texts["prompt"]), parameters=parameters)


def _stops(start: Prefill) -> str:
    return "\n".join(stop.replace("\n", "\\n").replace("\t", "\\t") for stop in start.parameters.stop)


def _name(text: str) -> None:
    if not text:
        raise InputError("Give the migration a name that people in the channel will recognise.")


def _use_case(text: str) -> None:
    if text not in set(UseCase):
        raise InputError("Choose what the prompt does; it decides the metrics that are proposed.")


def _source(text: str) -> None:
    if text:
        read_ref(text)


READERS: Mapping[str, Callable[[str], object]] = {
    "name": _name,
    "use_case": _use_case,
    "source": _source,
    "targets": read_refs,
    "prompt": read_prompt,
    "tokens": read_tokens,
    "stop": read_stop,
}
