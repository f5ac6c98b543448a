"""Puts messages of the app into conversations: the one way for chat.*, files.* and response_url, with Slack's refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.blocks import limits
from bot.blocks.validate import Problem, validate
from bot.workspace.blocks import with_ids
from bot.workspace.events import Events
from bot.workspace.people import APP, BOT, BOT_USER, TEAM, Channel
from bot.workspace.state import State
from bot.workspace.wire import ApiError, Json, refused

_UNSHOWABLE = "This content can't be displayed."


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts, changes and deletes messages of the app."""

    state: State
    events: Events

    def post(self, channel: Channel, args: Mapping[str, object], **more: object) -> Json:
        """A new message of the app from the arguments of chat.postMessage."""
        message: Json = {**self._new(channel, args), **more}
        self.state.put(channel, message)
        self.events.posted(channel, message)
        return message

    def ephemeral(self, channel: Channel, user: str, args: Mapping[str, object]) -> Json:
        """A message that only `user` sees."""
        return self.state.put(channel, {**self._new(channel, args), "ephemeral_for": user})

    def change(self, channel: Channel, message: Json, args: Mapping[str, object]) -> Json:
        """New content for a message; a text without blocks takes the blocks away (chat.update)."""
        content = self._content(args)
        if len(str(args.get("text") or "")) > limits.MESSAGE_TEXT:
            raise ApiError("msg_too_long")
        before = dict(message)
        if "blocks" not in content:
            message.pop("blocks", None)
            message["edited"] = {"user": BOT_USER, "ts": self.state.ts()}
        message |= content
        self.state.tell(channel, message)
        if "ephemeral_for" not in message:
            self.events.changed(channel, message, before)
        return message

    def delete(self, channel: Channel, ts: str) -> None:
        message = self.state.remove(channel, ts)
        if "ephemeral_for" not in message:
            self.events.deleted(channel, message)

    def _new(self, channel: Channel, args: Mapping[str, object]) -> Json:
        common = {"type": "message", "user": BOT_USER, "bot_id": BOT, "app_id": APP, "team": TEAM}
        return {**common, **self._content(args), **self._thread(channel, args), "ts": self.state.ts()}

    def _thread(self, channel: Channel, args: Mapping[str, object]) -> Json:
        thread_ts = args.get("thread_ts")
        if not thread_ts:
            return {}
        parent = channel.messages.get(str(thread_ts))
        if parent is None or "ephemeral_for" in parent:
            raise ApiError("thread_not_found")
        return {"thread_ts": parent.get("thread_ts", parent["ts"])}

    def _content(self, args: Mapping[str, object]) -> Json:
        text, blocks = str(args.get("text") or ""), args.get("blocks")
        if not text.strip() and not blocks and not args.get("attachments") and not args.get("files"):
            raise ApiError("no_text")
        content: Json = {"text": text[: limits.POSTED_TEXT] or _UNSHOWABLE}
        if blocks is not None:
            check_blocks(self.state, blocks)
            content["blocks"] = with_ids(blocks)
        if args.get("metadata") is not None:
            content["metadata"] = _metadata(args["metadata"])
        return content


def check_blocks(state: State, blocks: object) -> None:
    """Refuses as chat.postMessage does: `invalid_blocks`, with a sentence and a pointer for each problem."""
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        raise ApiError("invalid_blocks_format")
    problems = [*validate(blocks, "message"), *_missing_files(state, blocks)]
    if problems:
        sentences = [str(problem) for problem in problems]
        raise ApiError("invalid_blocks", errors=sentences, response_metadata={"messages": sentences})


def _missing_files(state: State, blocks: Sequence[object]) -> list[Problem]:
    """An image block may show an uploaded file, if the file is there."""
    problems = []
    for index, block in enumerate(blocks):
        file = block.get("slack_file") if isinstance(block, Mapping) else None
        if isinstance(file, Mapping) and "id" in file:
            try:
                state.files.get(str(file["id"]))
            except ApiError:
                problems.append(Problem(f"/blocks/{index}/slack_file", "invalid slack file"))
    return problems


def _metadata(metadata: object) -> Json:
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("event_type"), str):
        raise refused("invalid_metadata_format", "event_type has to be a string")
    if not isinstance(metadata.get("event_payload"), Mapping):
        raise refused("invalid_metadata_format", "event_payload has to be an object")
    return dict(metadata)
