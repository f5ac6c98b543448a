"""What the operator decides, read from the environment once at start; every wrong or missing name is told in one message."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.places import Places
from pipeline.aws.roles import ARN
from pipeline.errors import InputError
from pipeline.models.limits import read_rules
from pipeline.models.settings import OpenAIAccess, openai_access

DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
WEEKDAYS = re.compile(rf"\*|{DAY}(?:-{DAY})?(?:,{DAY}(?:-{DAY})?)*")
S = TypeVar("S", bound="Settings")


class Mode(StrEnum):
    """How Slack reaches the bot: through a websocket the bot opens, or by calling it."""

    SOCKET = "socket"
    HTTP = "http"


TOKENS = {
    "bot_token": (set(Mode), "is missing: the bot token (xoxb-...) from OAuth & Permissions"),
    "app_token": ({Mode.SOCKET}, "is missing: the app-level token (xapp-...) with connections:write, which Socket Mode needs"),
    "signing_secret": ({Mode.HTTP}, "is missing: without it anybody could pretend to be Slack in HTTP mode"),
}


class Settings(BaseSettings):
    """What every process needs. `home` holds the data; sizes are in megabytes, times in seconds.

    `interpreter_model` is the Bedrock model id that reads free text the rules are not sure of; without it the rules stand.
    `evaluation_role` and `evaluation_bucket` are where Bedrock Evaluations is asked for second opinions, both or neither.
    `advpo_bucket` is where Advanced Prompt Optimization keeps its files; without it nobody can ask for that in Slack.
    `batch_role` and `batch_bucket` are what batch jobs of Bedrock work as and where, both or neither.
    `writer` is the model that may be asked to write prompts, instead of the judge of each plan.
    """

    model_config = SettingsConfigDict(env_prefix="FERRY_", extra="ignore", populate_by_name=True)

    home: Path = Path(".ferry")
    database_url: str | None = None
    timezone: str = "UTC"
    monitor_cron: str = "0 9 * * mon"
    form_defaults: Path | None = None
    model_cache: Path | None = None
    prices: Path | None = None  # the operator's own prices, see docs/report.md
    benchmarks: Path | None = None  # external figures as dated citations, see docs/models.md
    worker_name: str = "worker-1"
    upload_limit_mb: int = Field(default=50, gt=0)  # what a dataset may have, see pipeline.dataset.port.Limits
    log_level: str = "info"
    interpreter_model: str | None = None
    evaluation_role: str | None = None
    evaluation_bucket: str | None = Field(default=None, validate_default=True)
    evaluation_judge: str | None = None
    advpo_bucket: str | None = None  # where jobs of Advanced Prompt Optimization keep their files
    batch_role: str | None = None
    batch_bucket: str | None = Field(default=None, validate_default=True)  # where batch jobs read and write
    writer: str = ""
    openai_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    openai_servers: SecretStr | None = None  # addresses and their keys, see docs/operations.md
    limits: str | None = None  # how fast models may be called, see docs/operations.md
    in_flight: int = Field(default=64, gt=0)  # the most calls of one model that a worker may have open

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"is '{value}', which is no time zone; write an IANA name such as Europe/Berlin") from error
        return value

    @field_validator("monitor_cron")
    @classmethod
    def _named_weekdays(cls, value: str) -> str:
        return weekday_names_only(value)

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: str | None) -> str | None:
        if value and not value.startswith("postgresql://"):
            raise ValueError("must start with postgresql:// (leave it out to use SQLite files in the home folder)")
        return value or None

    @field_validator("evaluation_role", "batch_role")
    @classmethod
    def _role(cls, value: str | None) -> str | None:
        if value and not ARN.fullmatch(value):
            raise ValueError("must be the ARN of a role, such as arn:aws:iam::123456789012:role/NAME")
        return value or None

    @field_validator("evaluation_bucket", "batch_bucket")
    @classmethod
    def _bucket(cls, value: str | None, info: ValidationInfo) -> str | None:
        role = (info.field_name or "").replace("_bucket", "_role")
        if value and not value.startswith("s3://"):
            raise ValueError("must be a place in S3, such as s3://bucket/prefix")
        if role in info.data and bool(value) != bool(info.data[role]):
            raise ValueError(f"and FERRY_{role.upper()} belong together: set both, or neither")
        return value or None

    @field_validator("advpo_bucket")
    @classmethod
    def _advpo(cls, value: str | None) -> str | None:
        from pipeline.aws.s3 import Bucket

        try:
            return Bucket(value).address if value else None
        except InputError as error:
            raise ValueError(f"names no place: {error.message.rstrip('.')}") from None

    @field_validator("openai_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        _readable(None, value)
        return value

    @field_validator("openai_servers")
    @classmethod
    def _servers(cls, value: SecretStr | None) -> SecretStr | None:
        _readable(value, None)
        return value

    @field_validator("limits")
    @classmethod
    def _limits(cls, value: str | None) -> str | None:
        try:
            read_rules(value)
        except InputError as error:
            raise ValueError(error.message.partition(" ")[2].rstrip(".")) from None
        return value

    @property
    def openai(self) -> OpenAIAccess:
        """How `openai:` models are reached; texts go only to servers the operator named."""
        key, servers = (secret.get_secret_value() if secret else None for secret in (self.openai_key, self.openai_servers))
        return openai_access(key, self.openai_url, servers, listed_only=True)

    @property
    def places(self) -> Places:
        return Places(home=self.home.resolve(), database_url=self.database_url)


class SlackSettings(Settings):
    """What the bot process needs besides: Slack's tokens, and how fast it may post (Slack: about 1/s in a channel)."""

    mode: Mode = Mode.SOCKET
    bot_token: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_BOT_TOKEN", validate_default=True)
    app_token: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_APP_TOKEN", validate_default=True)
    signing_secret: SecretStr = Field(default=SecretStr(""), validation_alias="SLACK_SIGNING_SECRET", validate_default=True)
    api_url: str = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")
    http_host: str = "0.0.0.0"  # noqa: S104  Slack has to reach it; the signature is what protects it
    http_port: int = 3000
    post_interval_s: float = Field(default=1.0, ge=0)
    post_burst: int = Field(default=3, ge=1)
    edit_interval_s: float = Field(default=3.0, ge=0)
    poll_s: float = Field(default=0.3, gt=0)

    @field_validator("api_url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("bot_token", "app_token", "signing_secret")
    @classmethod
    def _given(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        needed_in, sentence = TOKENS[str(info.field_name)]
        if not value.get_secret_value().strip() and info.data.get("mode") in needed_in:
            raise ValueError(sentence)
        return value


def _readable(servers: SecretStr | None, url: str | None) -> None:
    """Raises ValueError as pydantic wants it, without the name, which stands before it."""
    try:
        openai_access(None, url, servers.get_secret_value() if servers else None)
    except InputError as error:
        raise ValueError(error.message.partition(" ")[2].rstrip(".")) from None


def weekday_names_only(cron: str) -> str:
    """`cron` unchanged, if it has five fields and names its weekdays; APScheduler counts them from Monday, cron from Sunday."""
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"is '{cron}' and needs five fields: minute hour day month weekday, as in '0 9 * * mon'")
    if not WEEKDAYS.fullmatch(fields[4].lower()):
        raise ValueError(
            f"has the weekday '{fields[4]}': write a name such as mon or mon-fri: 1 is Monday to some, Tuesday to others"
        )
    return cron


def load(kind: type[S]) -> S:
    """The settings of this environment. Raises InputError with one sentence for each thing that is wrong."""
    try:
        return kind()
    except ValidationError as error:
        raise InputError("\n".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: Any) -> str:  # noqa: ANN401  pydantic's own dictionary
    text = str(problem["msg"]).removeprefix("Value error, ")
    name = str(problem["loc"][0])
    alias = SlackSettings.model_fields[name].validation_alias if name in SlackSettings.model_fields else name
    return f"{alias or f'FERRY_{name.upper()}'} {text}."
