"""Starting a migration: the form from a command or a button, and what becomes of it."""

import json
from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.errors import SlackApiError

from bot import uploads
from bot.access import Act, may
from bot.boundary import listener, submission
from bot.desk import Desk, person_of
from bot.listeners.guard import clicked
from bot.modals import new_migration
from bot.modals.new_migration import NewForm, Prefill
from db.records import Migration, NewMigration, Person
from pipeline.errors import RefusedError
from pipeline.records import PromptVersion

INVITE = "I am not in this channel, so the migration could not live here. Invite me with `/invite @Ferry`, then try again."


async def open_form(desk: Desk, trigger_id: str, start: Prefill) -> None:
    """Open the form for a channel Ferry can post in. Raises RefusedError with the invite hint for any other."""
    try:
        found = (await desk.client.conversations_info(channel=start.channel))["channel"]
    except SlackApiError as error:
        raise RefusedError(INVITE) from error
    if not (found.get("is_member") or found.get("is_im")):
        raise RefusedError(INVITE)
    if found.get("is_archived"):
        raise RefusedError("This channel is archived. Unarchive it, or start the migration in another channel.")
    await desk.client.views_open(trigger_id=trigger_id, view=new_migration.view(start))


async def again_form(desk: Desk, trigger_id: str, migration: Migration) -> None:
    """The form with everything a migration was started with."""
    prompt = await desk.store.prompts.original(migration.id)
    start = Prefill(
        channel=migration.channel,
        name=migration.name,
        use_case=migration.use_case,
        source=migration.source,
        targets="\n".join(migration.targets),
        prompt=prompt.user,
        parameters=prompt.parameters,
        smes=migration.smes,
        owner=migration.owner,
        again_of=migration.id,
    )
    await open_form(desk, trigger_id, start)


async def pressed(desk: Desk, args: AsyncArgs) -> None:
    """The start button under a mention, with what was read from the text."""
    read = json.loads(args.payload["value"])
    told = {field: read[field] for field in ("name", "source", "targets") if read.get(field)}
    start = replace(desk.prefill, channel=args.body["channel"]["id"], **told)
    await open_form(desk, args.body["trigger_id"], start)


async def again(desk: Desk, args: AsyncArgs) -> None:
    click = await clicked(desk, args, Act.AGAIN)
    await again_form(desk, args.body["trigger_id"], click.migration)


async def submitted(desk: Desk, args: AsyncArgs) -> None:
    """Open the migration, let it ask its first question, then fetch the dataset."""
    person = person_of(args.body)
    form, _ = new_migration.read(args.body["view"], person.user)
    if form is None:
        return
    form = replace(form, prompt=await _prompt(desk, form, person))
    migration = await _open(desk, form, origin=f"view:{args.body['view']['id']}", team=person.team, requester=person.user)
    await desk.move(migration.id)
    for file in form.files:
        await uploads.take(desk, migration, file, person.user)
    if form.again_of and not form.files:
        await _reuse(desk, form.again_of, migration, person)


async def _prompt(desk: Desk, form: NewForm, person: Person) -> PromptVersion:
    """The form's prompt. One that repeats a migration word for word keeps what a form cannot hold: system text, syntax."""
    if not form.again_of:
        return form.prompt
    earlier = await desk.store.migrations.get(form.again_of)
    if may(Act.AGAIN, person, earlier):
        return form.prompt
    before = await desk.store.prompts.original(earlier.id)
    same = form.prompt.user in ("", before.user)
    return replace(before, parameters=form.prompt.parameters) if same else form.prompt


async def _reuse(desk: Desk, earlier_id: str, migration: Migration, person: Person) -> None:
    """The dataset of the migration this one repeats; another team's is refused."""
    earlier = await desk.store.migrations.get(earlier_id)
    refusal = may(Act.AGAIN, person, earlier)
    if refusal:
        raise RefusedError(refusal.sentence)
    dataset = await desk.store.datasets.latest(earlier.id)
    if dataset:
        await desk.store.datasets.reuse(dataset.id, migration.id, by=person.user)
        await desk.move(migration.id)


async def _open(desk: Desk, form: NewForm, *, origin: str, team: str, requester: str) -> Migration:
    return await desk.store.migrations.open(
        NewMigration(
            origin=origin,
            team=team,
            channel=form.channel,
            name=form.name,
            use_case=form.use_case,
            source=form.source,
            targets=form.targets,
            requester=requester,
            owner=form.owner,
            smes=form.smes,
            prompt=form.prompt,
            again_of=form.again_of,
        )
    )


def check(args: AsyncArgs) -> Mapping[str, str]:
    return new_migration.read(args.body["view"], person_of(args.body).user)[1]


def register(app: AsyncApp, desk: Desk) -> None:
    app.action("start_open")(listener(desk, pressed))
    app.action("again_open")(listener(desk, again))
    app.view(new_migration.CALLBACK)(submission(desk, check, submitted))
