"""The App Home: what waits for me and my migrations, a page at a time."""

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.boundary import listener
from bot.cards.home import HomeFacts, home_view
from bot.desk import Desk, person_of
from db.records import Person


async def opened(desk: Desk, args: AsyncArgs) -> None:
    if args.payload.get("tab", "home") == "home":
        await publish(desk, person_of(args.body), 0)


async def turned(desk: Desk, args: AsyncArgs) -> None:
    page = str(args.payload["value"])
    await publish(desk, person_of(args.body), int(page) if page.isdecimal() else 0)


async def publish(desk: Desk, person: Person, page: int) -> None:
    """Show the person's own Home; nobody sees anybody else's."""
    facts = HomeFacts(
        migrations=await desk.store.migrations.listed(person.team, person.user),
        waiting=await desk.store.questions.waiting_for(person.team, person.user),
        page=page,
        doubted=await desk.store.references.waiting_for(person.team, person.user),
    )
    await desk.client.views_publish(user_id=person.user, view=home_view(facts))


def register(app: AsyncApp, desk: Desk) -> None:
    app.event("app_home_opened")(listener(desk, opened))
    app.action("home_newer")(listener(desk, turned))
    app.action("home_older")(listener(desk, turned))
