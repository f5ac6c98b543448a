"""What a button carries: opaque ids that are looked up in the store, never facts that could be forged or grow old."""

import json
from dataclasses import dataclass

from pipeline.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """`migration` id, `question` key and the `answer` that this button gives to it."""

    migration: str
    question: str = ""
    answer: str = ""

    def dumps(self) -> str:
        """The `value` of the button; ids keep it far below Slack's 2,000 characters."""
        return json.dumps({"m": self.migration, "q": self.question, "a": self.answer}, separators=(",", ":"))


def loads(value: str) -> Press:
    """The press that `value` describes. Raises InputError for anything else."""
    try:
        parsed = json.loads(value)
        return Press(migration=str(parsed["m"]), question=str(parsed["q"]), answer=str(parsed["a"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("This button is not one Ferry can read any more. Use `/migrate status` to get a new card.") from error
