"""Forms about prompts that take a moment: shown when they are ready, and nobody's trouble where they were closed meanwhile."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.errors import SlackApiError

from bot.listeners import portfolio
from bot.modals import kit
from tests.bot.listeners.test_decisions import has
from tests.bot.office import Office
from tests.bot.test_prompt_clicks import asked


def clicked_in(view: Any) -> AsyncArgs:
    return cast("AsyncArgs", SimpleNamespace(body={"view": {"id": view["id"]}}))


async def test_a_form_that_was_closed_before_it_was_ready_is_no_error(office: Office) -> None:
    await asked(office)
    person = office.requester
    await person.click(await person.message(has("prompt_list")), "prompt_list")
    open_form = await person.modal("prompt_list")
    ready = kit.modal("prompt_list", "Ready", [], submit="", meta={})
    await portfolio.renew(office.bot.desk, clicked_in(open_form), ready)
    assert (await person.modal("prompt_list"))["title"]["text"] == "Ready"
    with pytest.raises(SlackApiError):
        await portfolio.renew(office.bot.desk, clicked_in(open_form), {"type": "modal"})
    await person.close(everything=True)
    await portfolio.renew(office.bot.desk, clicked_in(open_form), ready)
