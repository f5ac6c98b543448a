"""`ferry doctor`: is the Slack app what the manifest says, who is at work, can a model be called? Names where to mend it."""

import typer
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.alive import at_work
from bot.app import slack_client
from bot.manifest import scopes
from bot.settings import Mode, SlackSettings
from bot.trouble import SLACK_FAILURES, code_of, trouble_of
from db.places import Places
from pipeline.models.settings import OpenAIAccess

WRONG = 1
MODEL_TIMEOUT_S = 60.0


async def examine(settings: SlackSettings) -> int:
    """Print what is right and what is not; 1 when anything is not."""
    client = slack_client(settings)
    problems = [*await _bot_token(client)]
    if settings.mode is Mode.SOCKET:
        problems += await _app_token(client, settings.app_token.get_secret_value())
    for problem in problems:
        typer.echo(problem)
    typer.echo(_models(settings.openai))
    typer.echo(_advpo(settings.advpo_bucket))
    typer.echo(_batch(settings.batch_role, settings.batch_bucket))
    if not problems:
        typer.echo("The Slack app has the scopes it needs, and its tokens work.")
    return WRONG if problems else 0


def _models(openai: OpenAIAccess) -> str:
    """Whether keys of models are there; never what they are."""
    key = "is set" if openai.key else "is not set: openai:<model> needs it"
    others = f" FERRY_OPENAI_SERVERS names {', '.join(openai.servers)}." if openai.servers else ""
    return f"OPENAI_API_KEY {key}; it is for {openai.url}.{others}"


def _advpo(bucket: str | None) -> str:
    """Whether Bedrock can be asked to optimise prompts, as far as that can be told without asking it."""
    if bucket:
        return f"FERRY_ADVPO_BUCKET is {bucket}: people can ask Bedrock to optimise the prompt of a Bedrock target."
    return "FERRY_ADVPO_BUCKET is not set: Bedrock's Advanced Prompt Optimization cannot be asked for from Slack."


def _batch(role: str | None, bucket: str | None) -> str:
    """Whether there can be batch jobs, as far as that can be told without making one."""
    if role and bucket:
        return f"FERRY_BATCH_BUCKET is {bucket}: people can have runs on test go by Bedrock batch jobs, which work as {role}."
    return "FERRY_BATCH_ROLE and FERRY_BATCH_BUCKET are not set: runs go on demand, not by Bedrock batch jobs."


async def examine_processes(places: Places) -> None:
    """Print who is at work, what waits, and what is amiss with that."""
    problems, known = await at_work(places)
    for line in (*problems, *known):
        typer.echo(line)


async def examine_model(ref: str, region: str | None, openai: OpenAIAccess) -> int:
    """Print whether this account can call the model, and what to do if not; 1 unless it can."""
    from pipeline.models import ModelSettings
    from pipeline.models.preflight import Answer, preflight

    found = await preflight(ref, ModelSettings(region=region, timeout_s=MODEL_TIMEOUT_S, openai=openai))
    typer.echo(found.sentence)
    return 0 if found.answer is Answer.YES else WRONG


async def _bot_token(client: AsyncWebClient) -> list[str]:
    try:
        answer = await client.auth_test()
    except SLACK_FAILURES as error:
        return [f"SLACK_BOT_TOKEN does not work: Slack answers {trouble_of(error).code}. Copy it again from OAuth & Permissions."]
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}
    missing = sorted(scopes() - granted) if granted else []
    way = "Add it under OAuth & Permissions and reinstall the app."
    return [f"The scope {scope} is missing. {way}" for scope in missing]


async def _app_token(client: AsyncWebClient, app_token: str) -> list[str]:
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        needs = "It needs connections:write and Socket Mode switched on."
        return [f"SLACK_APP_TOKEN does not work: Slack answers {code_of(error)}. {needs}"]
    return []
