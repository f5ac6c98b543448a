"""What the subject of a reply carries: how its body is written, the proposal it makes, or the fields of a start card."""

import json
from collections.abc import Mapping
from typing import Any

from bot.cards.note import Proposal

MRKDWN = "mrkdwn"
"""Of replies and problems whose body is Ferry's own formatting; any other body is shown as it is written."""


def write_proposal(proposal: Proposal) -> str:
    told = {"told": proposal.told} if proposal.told else {}
    return json.dumps({"kind": proposal.kind, "value": proposal.value, "sentence": proposal.sentence, **told})


def read_proposal(subject: str) -> Proposal | None:
    """The proposal a reply makes, if it makes one."""
    parsed = _object(subject)
    if "kind" not in parsed:
        return None
    kind, value, sentence = parsed["kind"], parsed["value"], parsed["sentence"]
    return Proposal(kind=kind, value=value, sentence=sentence, told=parsed.get("told", ""))


def write_start(prefill: Mapping[str, str]) -> str:
    return json.dumps({"start": dict(prefill)})


def read_start(subject: str) -> Mapping[str, str] | None:
    """The fields that a mention named, for a start card."""
    return _object(subject).get("start")


def _object(subject: str) -> dict[str, Any]:
    return dict(json.loads(subject)) if subject.startswith("{") else {}
