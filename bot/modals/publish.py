"""The form that asks under which name a signed prompt is published."""

from typing import Any

from bot.buttons import Press, loads
from bot.cards.kit import section
from bot.modals import kit
from pipeline.prompts.managed.form import LONGEST_NAME, is_prompt_name

CALLBACK = "publish"
WHAT = (
    "The signed prompt becomes a version in Amazon Bedrock's prompt management, with the hashes of the report and of the prompt. "
    "The same prompt under the same name stays one version; the thread gets its ARN."
)
HINT = "Letters and digits, with single - or _ between, at most 100. A name that is there gets a new version."
WRONG = "Use letters and digits, with single - or _ between, at most 100 characters."


def view(press: Press, name: str) -> dict[str, Any]:
    named = kit.field("name", "Name of the prompt", kit.text_input(name, limit=LONGEST_NAME), hint=HINT)
    return kit.modal(CALLBACK, "Publish the prompt", [section(WHAT), named], submit="Publish", meta={"press": press.dumps()})


def read(submitted: kit.View) -> tuple[Press, str, dict[str, str]]:
    """The name, and what is wrong with it."""
    press = loads(kit.meta(submitted).get("press", ""))
    name = kit.text_of(kit.values(submitted).get("name", {}))
    return press, name, {} if is_prompt_name(name) else {"name": WRONG}
