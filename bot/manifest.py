"""What the Slack app is allowed to do and is told, as committed in manifest.json; tests hold it against the code."""

import json
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).with_name("manifest.json")


def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return loaded


def scopes() -> frozenset[str]:
    """The bot scopes the app asks for."""
    return frozenset(manifest()["oauth_config"]["scopes"]["bot"])


def events() -> frozenset[str]:
    """The events the app subscribes to."""
    return frozenset(manifest()["settings"]["event_subscriptions"]["bot_events"])
