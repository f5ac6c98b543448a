"""files.*: the three-step upload of files_upload_v2, and file objects."""

import json
from collections.abc import Mapping
from typing import Final

from bot.workspace.files import StoredFile
from bot.workspace.people import BOT_USER
from bot.workspace.web_api.context import Args, Context, Method, needed
from bot.workspace.wire import ApiError, Json


def get_upload_url(context: Context, args: Args) -> Json:
    length = needed(args, "length")
    if not length.isdecimal() or int(length) < 1:
        raise ApiError("invalid_arguments")
    name, now = needed(args, "filename"), context.state.clock()
    file = context.state.files.new(name=name, user=BOT_USER, now=now, alt_text=args.get("alt_txt"))
    return {"upload_url": f"{context.base}/upload/v1/{file.id}-{file.secret}", "file_id": file.id}


def complete_upload(context: Context, args: Args) -> Json:
    """Shares the uploaded files in one message; without a channel they stay private to the app."""
    files = [_completed(context, each) for each in _given(args)]
    places = args.get("channels") or args.get("channel_id")
    names = places.split(",") if isinstance(places, str) else places or []
    for channel in [context.state.writable(str(name)) for name in names]:
        shown = {"files": [context.state.files.wire(file) for file in files], "upload": True, "subtype": "file_share"}
        wanted = {"text": args.get("initial_comment"), "thread_ts": args.get("thread_ts"), "blocks": args.get("blocks")}
        message = context.posting.post(channel, {**wanted, "files": files}, **shown, text=str(wanted["text"] or ""))
        for file in files:
            file.channels[channel.id] = message["ts"]
            context.posting.events.file_shared(channel, file.id, BOT_USER)
    return {"files": [context.state.files.wire(file) for file in files]}


def info(context: Context, args: Args) -> Json:
    """A file the app may see: its own, or one shared in a conversation it is in, or one given to one of its modals."""
    file = context.state.files.get(needed(args, "file", "file_not_found"))
    places = [context.state.channels[channel] for channel in file.channels]
    if places and file.user != BOT_USER and not any(BOT_USER in channel.members for channel in places):
        raise ApiError("file_not_found")
    return {"file": context.state.files.wire(file), "comments": [], "response_metadata": {"next_cursor": ""}}


def _given(args: Args) -> list[Json]:
    files = args.get("files")
    if isinstance(files, str):
        try:
            files = json.loads(files)
        except ValueError:
            raise ApiError("invalid_arguments") from None
    if not isinstance(files, list) or not files or not all(isinstance(each, dict) and "id" in each for each in files):
        raise ApiError("invalid_arguments")
    return files


def _completed(context: Context, given: Json) -> StoredFile:
    file = context.state.files.get(str(given["id"]))
    file.title = str(given.get("title") or file.name)
    return file


METHODS: Final[Mapping[str, Method]] = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": info,
}
