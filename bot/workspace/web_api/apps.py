"""auth.test, apps.connections.open, bots.info, team.info: who the app is and where it connects."""

from collections.abc import Mapping
from typing import Final

from bot.workspace.people import APP, BOT, BOT_USER, TEAM, TEAM_NAME
from bot.workspace.state import team
from bot.workspace.web_api.context import Args, Context, Method
from bot.workspace.wire import ApiError, Json


def auth_test(context: Context, args: Args) -> Json:
    handle = context.state.user(BOT_USER).handle
    names = {"team": TEAM_NAME, "user": handle, "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}
    return {"url": f"{context.base}/", **names, "is_enterprise_install": False}


def connections_open(context: Context, args: Args) -> Json:
    return {"url": context.sockets.address(context.base)}


def bots_info(context: Context, args: Args) -> Json:
    if args.get("bot") not in (None, "", BOT):
        raise ApiError("bot_not_found")
    bot = {
        "id": BOT,
        "deleted": False,
        "name": context.state.user(BOT_USER).name,
        "updated": 0,
        "app_id": APP,
        "user_id": BOT_USER,
    }
    return {"bot": {**bot, "icons": {}}}


def team_info(context: Context, args: Args) -> Json:
    if args.get("team") not in (None, "", TEAM):
        raise ApiError("team_not_found")
    return {"team": team()}


METHODS: Final[Mapping[str, Method]] = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "bots.info": bots_info,
    "team.info": team_info,
}
