"""What is in a fresh local workspace: personas by role, the app, and channels for each way a channel can refuse a bot."""

from dataclasses import dataclass, field
from typing import Final

from bot.workspace.wire import Json

TEAM: Final = "T0LOCAL"
TEAM_NAME: Final = "Local workspace"
TEAM_DOMAIN: Final = "local"
APP: Final = "A0FERRY"
BOT: Final = "B0FERRY"
BOT_USER: Final = "U0FERRY"

REQUESTER: Final = "U0REQUESTER"
SME_1: Final = "U0SME1"
SME_2: Final = "U0SME2"
OWNER: Final = "U0OWNER"

GENERAL: Final = "C0GENERAL"
WITHOUT_BOT: Final = "C0WITHOUTBOT"
ARCHIVED: Final = "C0ARCHIVED"
PRIVATE: Final = "C0PRIVATE"


@dataclass(slots=True, kw_only=True)
class User:
    """A member; `team` differs from the workspace's for a guest of a shared channel."""

    id: str
    name: str
    team: str = TEAM
    is_bot: bool = False
    deleted: bool = False
    timezone: str = "Etc/UTC"

    @property
    def handle(self) -> str:
        return self.name.lower().replace(" ", "-")

    def wire(self) -> Json:
        """The user object of users.info."""
        names = {"real_name": self.name, "display_name": self.name}
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.handle,
            "real_name": self.name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_stranger": self.team != TEAM,
            "tz": self.timezone,
            "tz_label": self.timezone,
            "tz_offset": 0,
            "updated": 0,
            "profile": {**names, "team": self.team, **({"bot_id": BOT, "api_app_id": APP} if self.is_bot else {})},
        }


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; `messages` by ts, in the order they were posted, threads included."""

    id: str
    name: str
    members: list[str]
    is_im: bool = False
    is_mpim: bool = False
    is_private: bool = False
    is_archived: bool = False
    created: int = 0
    messages: dict[str, Json] = field(default_factory=dict)
    pins: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The `channel_type` of message events."""
        if self.is_im:
            return "im"
        return "mpim" if self.is_mpim else "group" if self.is_private else "channel"

    def wire(self) -> Json:
        """The channel object of conversations.info."""
        common = {
            "id": self.id,
            "created": self.created,
            "is_archived": self.is_archived,
            "is_im": self.is_im,
            "is_mpim": self.is_mpim,
            "is_private": self.is_private or self.is_im or self.is_mpim,
            "context_team_id": TEAM,
        }
        if self.is_im:
            return {**common, "user": next(m for m in self.members if m != BOT_USER), "is_org_shared": False}
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_mpim,
            "is_group": self.is_private,
            "is_general": self.id == GENERAL,
            "is_member": BOT_USER in self.members,
            "is_shared": False,
            "num_members": len(self.members),
            "creator": OWNER,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def users() -> list[User]:
    return [
        User(id=REQUESTER, name="Requester"),
        User(id=SME_1, name="SME 1"),
        User(id=SME_2, name="SME 2"),
        User(id=OWNER, name="Owner"),
        User(id=BOT_USER, name="Ferry", is_bot=True),
    ]


def channels() -> list[Channel]:
    people = [REQUESTER, SME_1, SME_2, OWNER]
    return [
        Channel(id=GENERAL, name="general", members=[*people, BOT_USER]),
        Channel(id=WITHOUT_BOT, name="without-ferry", members=list(people)),
        Channel(id=ARCHIVED, name="archived", members=[*people, BOT_USER], is_archived=True),
        Channel(id=PRIVATE, name="private-without-ferry", members=[REQUESTER, OWNER], is_private=True),
    ]
