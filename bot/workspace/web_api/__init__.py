"""The Web API methods the local workspace knows, one file a family; anything else is `unknown_method`."""

from collections.abc import Mapping
from typing import Final

from bot.workspace.web_api import apps, chat, conversations, files, marks, users, views
from bot.workspace.web_api.context import Method

METHODS: Final[Mapping[str, Method]] = {
    **apps.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **marks.METHODS,
    **users.METHODS,
    **views.METHODS,
}
