"""What is wrong with the environment is told at the start, all of it, by name."""

import pytest

from bot.settings import Mode, Settings, SlackSettings, load
from pipeline.errors import InputError
from pipeline.models.settings import OpenAIAccess


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith(("FERRY_", "SLACK_", "OPENAI_")):
            monkeypatch.delenv(name)


def test_every_missing_name_is_listed() -> None:
    with pytest.raises(InputError) as error:
        load(SlackSettings)
    assert "SLACK_BOT_TOKEN is missing" in error.value.message
    assert "SLACK_APP_TOKEN is missing" in error.value.message
    assert "SIGNING_SECRET" not in error.value.message


@pytest.mark.parametrize("secret", ["", "   "])
def test_http_mode_refuses_an_empty_signing_secret(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("FERRY_MODE", "http")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", secret)
    with pytest.raises(InputError, match="SLACK_SIGNING_SECRET is missing"):
        load(SlackSettings)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FERRY_TIMEZONE", "Nowhere/Land", "no time zone"),
        ("FERRY_MONITOR_CRON", "0 9 * * 1", "write a name"),
        ("FERRY_MONITOR_CRON", "0 9 * *", "five fields"),
        ("FERRY_MONITOR_CRON", "0 9 * * mon-5", "write a name"),
        ("FERRY_DATABASE_URL", "mysql://x", "postgresql://"),
        ("FERRY_UPLOAD_LIMIT_MB", "0", "greater than 0"),
        ("FERRY_UPLOAD_LIMIT_MB", "much", "integer"),
        ("FERRY_EVALUATION_ROLE", "second-opinion", "ARN of a role"),
        ("FERRY_EVALUATION_BUCKET", "answers/ferry", "s3://bucket/prefix"),
        ("FERRY_EVALUATION_BUCKET", "s3://answers/ferry", "FERRY_EVALUATION_ROLE belong together"),
        ("OPENAI_BASE_URL", "api.openai.com", "must be an address"),
        ("FERRY_OPENAI_SERVERS", "https://api.mistral.ai/v1", "must be a JSON object"),
        ("FERRY_OPENAI_SERVERS", '{"api.mistral.ai": "k"}', "must be a JSON object"),
        ("FERRY_OPENAI_SERVERS", '{"https://api.mistral.ai/v1": 7}', "must be a JSON object"),
    ],
)
def test_a_wrong_value_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as error:
        load(Settings)
    assert error.value.message.startswith(name)
    assert words in error.value.message


def test_a_place_for_second_opinions_is_given_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).evaluation_role is None
    monkeypatch.setenv("FERRY_EVALUATION_ROLE", "arn:aws:iam::123456789012:role/second-opinion")
    with pytest.raises(InputError, match="FERRY_EVALUATION_BUCKET and FERRY_EVALUATION_ROLE belong together"):
        load(Settings)
    monkeypatch.setenv("FERRY_EVALUATION_BUCKET", "s3://answers/ferry")
    assert load(Settings).evaluation_bucket == "s3://answers/ferry"


@pytest.mark.parametrize("cron", ["0 9 * * mon", "0 9 * * mon-fri", "30 8 1 * *", "0 9 * * MON,thu"])
def test_weekdays_by_name_are_taken(monkeypatch: pytest.MonkeyPatch, cron: str) -> None:
    monkeypatch.setenv("FERRY_MONITOR_CRON", cron)
    assert load(Settings).monitor_cron == cron


def test_keys_of_models_reach_the_models_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).openai == OpenAIAccess(listed_only=True)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1/")
    monkeypatch.setenv("FERRY_OPENAI_SERVERS", '{"https://api.mistral.ai/v1/": "hidden", "http://127.0.0.1:11434/v1": ""}')
    settings = load(Settings)
    assert settings.openai == OpenAIAccess(
        url="https://eu.api.openai.com/v1",
        key="sk-hidden",
        servers={"https://api.mistral.ai/v1": "hidden", "http://127.0.0.1:11434/v1": ""},
        listed_only=True,
    )
    assert "hidden" not in repr(settings)
    assert "hidden" not in repr(settings.openai)


def test_limits_that_cannot_be_meant_are_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load(Settings).limits, load(Settings).in_flight) == (None, 64)
    monkeypatch.setenv("FERRY_LIMITS", '{"bedrock:*": {"requests_per_minute": 100}}')
    monkeypatch.setenv("FERRY_IN_FLIGHT", "8")
    assert load(Settings).in_flight == 8
    monkeypatch.setenv("FERRY_LIMITS", '{"bedrock:*": {"rpm": 100}}')
    with pytest.raises(InputError, match=r'^FERRY_LIMITS the limits of "bedrock:[*]" must be an object with requests_per_minute'):
        load(Settings)


def test_tokens_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-secret")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api")
    settings = load(SlackSettings)
    assert "secret" not in repr(settings).replace("signing_secret", "")
    assert (settings.mode, settings.api_url) == (Mode.SOCKET, "http://127.0.0.1:9/api/")
