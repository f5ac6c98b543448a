"""The form in which a person writes a candidate by hand, starting from another one's texts; a long one comes as a file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.blocks import limits
from bot.buttons import Press, loads
from bot.cards.kit import Block, context
from bot.modals import kit
from bot.modals.details import read_tokens
from pipeline.errors import InputError
from pipeline.records import PromptVersion

CALLBACK = "prompt_edited"
TYPES = ("txt", "md", "json", "yaml", "yml")
TEXTS = {"system": "System text", "user": "Prompt"}
HINT = "Every variable has to stay, such as {question}. It is checked before this form closes, then measured on dev."
FILE_HINT = (
    "Instead of the texts above: a text file, or JSON or YAML with `system` and `user`; earlier turns stay. "
    "It is checked once I have read it, and I answer in the thread."
)
SAME = "Nothing is changed yet: write something else, or close this form."


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What was written; a text or a number of tokens of None stays as it was. `files` says what to read instead."""

    press: Press
    system: str | None
    user: str | None
    tokens: int | None
    files: tuple[Mapping[str, Any], ...] = ()

    def applied(self, prompt: PromptVersion) -> PromptVersion:
        """`prompt` with the texts that were written; one that differs in white space at its ends alone stays."""
        system, user = _kept(prompt.system, self.system), _kept(prompt.user, self.user)
        parameters = prompt.parameters if self.tokens is None else replace(prompt.parameters, max_tokens=self.tokens)
        return replace(prompt, system=system, user=user, parameters=parameters)


def view(press: Press, prompt: PromptVersion) -> dict[str, Any]:
    """Opens with the texts of `prompt`; one that is longer than a form takes is changed by a file, never cut."""
    blocks: list[Block] = []
    for name, text in (("system", prompt.system), ("user", prompt.user)):
        if len(text) > limits.INPUT_TEXT:
            blocks.append(context(_too_long(TEXTS[name], text)))
        else:
            element = kit.text_input(text, multiline=True)
            hint = HINT if name == "user" else ""
            blocks.append(kit.field(name, TEXTS[name], element, hint=hint, optional=name == "system"))
    tokens = kit.text_input(str(prompt.parameters.max_tokens), limit=10)
    blocks.append(kit.field("tokens", "Longest answer in tokens", tokens, optional=True))
    blocks.append(kit.field("file", "Or a file", kit.files(TYPES), hint=FILE_HINT, optional=True))
    return kit.modal(CALLBACK, "Edit the prompt", blocks, submit="Measure on dev", meta={"press": press.dumps()})


def read(submitted: kit.View) -> tuple[Edited | None, dict[str, str]]:
    """What was written, or what is wrong at its field; whether a guard refuses it is asked elsewhere."""
    given = kit.values(submitted)
    texts = {name: kit.text_of(given[name]) if name in given else None for name in TEXTS}
    files = kit.files_of(given.get("file", {}))
    try:
        written = kit.text_of(given.get("tokens", {}))
        tokens = read_tokens(written) if written else None
    except InputError as error:
        return None, {"tokens": error.message}
    if texts["user"] == "" and not files:
        return None, {"user": "Write the prompt, or give it as a file below."}
    press = loads(kit.meta(submitted).get("press", ""))
    return Edited(press=press, system=texts["system"], user=texts["user"], tokens=tokens, files=files), {}


def field_of(submitted: kit.View) -> str:
    """The field under which a guard's sentence is shown: Slack takes errors of inputs that are there."""
    given = kit.values(submitted)
    return next(name for name in ("user", "system", "file") if name in given)


def _kept(before: str, written: str | None) -> str:
    return before if written is None or written == before.strip() else written


def _too_long(label: str, text: str) -> str:
    way = "*Post as a file* under *What changed* gives it to you; change it there and give it back below."
    return (
        f"*{label}*: {len(text):,} characters are more than the {limits.INPUT_TEXT:,} a form takes, so it stays as it is. {way}"
    )
