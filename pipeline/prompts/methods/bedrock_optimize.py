"""Amazon Bedrock's own rewrite of a prompt for one of its models: OptimizePrompt of bedrock-agent-runtime.

A heuristic without data, best for short English prompts and older models, so it often refuses; a refusal is a sentence and
costs this candidate only. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_OptimizePrompt.html
"""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pipeline.errors import FerryError, PermanentError, TemporaryError
from pipeline.models.failures import KINDS, kind_of
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings
from pipeline.prompts.methods.family_rules import converted
from pipeline.prompts.port import Ask
from pipeline.prompts.template import convert, pieces
from pipeline.records import Edit, PromptVersion, Syntax

SERVICE = "bedrock-agent-runtime"
MOST_CHARACTERS = 200_000
ANALYSIS_LENGTH = 600
FEWEST_WORDS = 4
_REGION_PREFIX = re.compile(r"^(?:us|eu|apac|jp|au|ca|in|us-gov|global)\.")
_PROFILE = re.compile(r"^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:inference-profile/")
_SOURCE = "Amazon Bedrock API reference, OptimizePrompt, read 2026-11"
LISTED = re.compile(
    r"amazon\.(nova-(lite|micro|premier|pro)-v1|titan-text-premier)|anthropic\.claude-(3-|opus-4-2025|sonnet-4-2025)|deepseek\.r1"
    r"|meta\.llama(3-70b|3-1-70b|3-2-11b|3-3-70b|4-)|mistral\.mistral-large-24"
)
"""Models AWS names for OptimizePrompt: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management-optimize.html,
read 2026-11. A list ages, so a model that is not on it is asked about all the same."""
LISTED_ON = "November 2026"
_WAYS_OUT = {
    "throttled": "OptimizePrompt is throttled for now; the other candidates go on. Start another round later to try it again.",
    "access": "The credentials may not call OptimizePrompt. Ask the operator to allow bedrock:OptimizePrompt; a Bedrock API key "
    "alone is not enough.",
    "region": "OptimizePrompt was not asked, because no region of AWS is named. Name one with --region or AWS_REGION.",
    "credentials": "OptimizePrompt was not asked, because there are no AWS credentials it could be asked with. Configure AWS "
    "credentials: an access key or a role, or a profile with --profile or AWS_PROFILE.",
    "validation": "OptimizePrompt does not support this model or this prompt; the other candidates go on without it.",
    "transient": "OptimizePrompt was not available; the other candidates go on. Start another round later to try it again.",
}

_UNSET = {"Region": "region", "Credential": "credentials", "Profile": "credentials", "SSO": "credentials", "Token": "credentials"}
"""Parts of the names of botocore's errors, and what is missing then."""


class _UnsetError(PermanentError):
    """Nothing was asked: the model has no part in it."""


def default_client() -> Any:  # noqa: ANN401  boto3 builds its clients at run time
    """A client with the region and the credentials of the process."""
    return make_client(SERVICE, ModelSettings(timeout_s=60.0))


@dataclass(frozen=True, slots=True)
class BedrockOptimize:
    """Sends system and user text, each with variables as `{{x}}`, and brings the answer back into the prompt's own syntax.

    `client` makes a boto3 client of SERVICE; it is closed after each prompt.
    """

    client: Callable[[], Any] = default_client
    name: str = "OptimizePrompt"

    def applies(self, ask: Ask) -> bool:
        return self.missing(ask) is None

    def missing(self, ask: Ask) -> str | None:
        """Why this method does not apply, as a sentence; None when it does."""
        if ask.target.startswith("bedrock:"):
            return None
        return "OptimizePrompt was not tried: it rewrites prompts for models on Bedrock alone."

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        """Raises TemporaryError or PermanentError with a sentence when Bedrock refuses, fails or breaks off."""
        return (await asyncio.to_thread(self._optimize, ask),)

    def _optimize(self, ask: Ask) -> PromptVersion:
        start = converted(ask, self.name)
        with closing(_guarded(self.client)) as client:
            for part in ("system", "user"):
                try:
                    start = _optimized(client, start, part, model_id(ask.target))
                except _UnsetError:
                    raise
                except PermanentError as error:
                    raise PermanentError(f"{error.message}{unlisted(ask.target)}") from error
        return start


def model_id(ref: str) -> str:
    """The id OptimizePrompt knows: without the provider and without the region of an inference profile."""
    return _REGION_PREFIX.sub("", _PROFILE.sub("", ref.partition(":")[2]))


def unlisted(ref: str) -> str:
    """A sentence with a space before it, where AWS does not name the model; "" otherwise."""
    if LISTED.match(model_id(ref)):
        return ""
    return f" {model_id(ref)} is not among the models AWS listed for OptimizePrompt in {LISTED_ON}."


def _optimized(client: Any, prompt: PromptVersion, part: str, target: str) -> PromptVersion:  # noqa: ANN401
    """`prompt` with its system or user text rewritten; one that has next to no words of its own stays."""
    text: str = getattr(prompt, part)
    if _words(text, prompt.syntax) < FEWEST_WORDS:
        return prompt
    analysis, better = _guarded(partial(_call, client, target, convert(text, prompt.syntax, Syntax.DOUBLE)))
    better = convert(better, Syntax.DOUBLE, prompt.syntax)
    edit = Edit(rule=f"optimize-{part}", reason=analysis, source=_SOURCE, lossless=False)
    edited = replace(prompt, edits=(*prompt.edits, edit))
    return replace(edited, system=better) if part == "system" else replace(edited, user=better)


def _call(client: Any, target: str, text: str) -> tuple[str, str]:  # noqa: ANN401
    """(analysis, optimised text) of one call."""
    if len(text) > MOST_CHARACTERS:
        raise PermanentError(f"OptimizePrompt takes at most {MOST_CHARACTERS:,} characters; this prompt has {len(text):,}.")
    reply = client.optimize_prompt(input={"textPrompt": {"text": text}}, targetModelId=target)
    analysis, better = "", ""
    with closing(reply["optimizedPrompt"]) as events:
        for event in events:
            analysis += event.get("analyzePromptEvent", {}).get("message", "")
            better += event.get("optimizedPromptEvent", {}).get("optimizedPrompt", {}).get("textPrompt", {}).get("text", "")
    if not better.strip():
        raise TemporaryError("OptimizePrompt broke off before it gave a prompt. Start another round to try it again.")
    return " ".join(analysis.split())[:ANALYSIS_LENGTH] or "Rewritten by Amazon Bedrock.", _unquoted(better)


def _guarded(call: Callable[[], Any]) -> Any:  # noqa: ANN401
    """`call()` with every failure of the AWS client as a sentence."""
    from botocore.eventstream import ParserError
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        return call()
    except ClientError as error:
        said = error.response.get("Error", {})
        raise _refusal(str(said.get("Code", "")), str(said.get("Message", "")), error.response) from error
    except (ParserError, ResponseParserError, HTTPError) as error:
        raise TemporaryError("OptimizePrompt broke off before it gave a prompt. Start another round to try it again.") from error
    except BotoCoreError as error:
        name = type(error).__name__
        kind = next((kind for part, kind in _UNSET.items() if part in name), "transient")
        raised = TemporaryError if kind == "transient" else _UnsetError
        raise raised(f"{_WAYS_OUT[kind]} ({name})") from error


def _refusal(code: str, said: str, response: Any) -> FerryError:  # noqa: ANN401
    kind = kind_of(code, said, response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    kind = {"unknown_model": "validation", "context_overflow": "validation", "model_not_enabled": "access"}.get(kind, kind)
    sentence = _WAYS_OUT.get(kind, KINDS[kind].way_out)
    quote = " ".join(said.split())[:200].rstrip(".")
    raised = TemporaryError if KINDS[kind].retry else PermanentError
    return raised(f"{sentence} Bedrock says: {quote}." if quote else sentence)


def _unquoted(text: str) -> str:
    """The text itself where the service sent it as a JSON string."""
    stripped = text.strip()
    if len(stripped) < 2 or not (stripped.startswith('"') and stripped.endswith('"')):
        return text
    try:
        loaded = json.loads(stripped, strict=False)
    except ValueError:
        return text
    return loaded if isinstance(loaded, str) else text


def _words(text: str, syntax: Syntax) -> int:
    return sum(len(p.text.split()) for p in pieces(text, syntax) if not p.variable)
