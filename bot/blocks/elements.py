"""The composition objects and elements of Block Kit that Ferry uses, as checks.

Source: docs.slack.dev/reference/block-kit/composition-objects and /block-elements. What is not here is refused on purpose.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.blocks import limits
from bot.blocks.checks import Check, Problem, array, boolean, by_type, choice, integer, objects, one_of, shape, string


def plain(high: int) -> Check:
    """A `plain_text` object of 1 to `high` characters."""
    return by_type({"plain_text": shape({"text": string(high, 1)}, {"emoji": boolean})}, "plain_text")


def text(high: int) -> Check:
    """A `plain_text` or `mrkdwn` object of 1 to `high` characters."""
    body: Mapping[str, Check] = {"text": string(high, 1)}
    return by_type({"plain_text": shape(body, {"emoji": boolean}), "mrkdwn": shape(body, {"verbatim": boolean})}, "text object")


def _value_is_known(several: bool) -> Check:
    """An initial choice has to be one of the options, or Slack refuses the element."""
    name = "initial_options" if several else "initial_option"

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping) or name not in value:
            return
        groups = [value, *objects(value.get("option_groups"))]
        offered = [option.get("value") for group in groups for option in objects(group.get("options"))]
        for option in objects(value[name] if several else [value[name]]):
            if option.get("value") not in offered:
                yield Problem(f"{at}/{name}", "must be one of the options")

    return check


def _lengths_in_order(value: object, at: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        return
    low, high, initial = value.get("min_length", 0), value.get("max_length", limits.INPUT_TEXT), value.get("initial_value", "")
    if not isinstance(low, int) or not isinstance(high, int):
        return
    if low > high:
        yield Problem(f"{at}/min_length", "must not be more than max_length")
    if isinstance(initial, str) and len(initial) > high:
        yield Problem(f"{at}/initial_value", f"must be less than {high + 1} characters")


CONFIRM: Final = shape(
    {
        "title": plain(limits.CONFIRM_TITLE),
        "text": text(limits.CONFIRM_TEXT),
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
    },
    {"style": choice("primary", "danger")},
)
_VALUE: Final = string(limits.OPTION_VALUE, 1)
OPTION: Final = shape(
    {"text": plain(limits.OPTION_TEXT), "value": _VALUE},
    {"description": plain(limits.OPTION_DESCRIPTION), "url": string(limits.BUTTON_URL)},
)
LIST_OPTION: Final = shape(
    {"text": text(limits.OPTION_TEXT), "value": _VALUE}, {"description": text(limits.OPTION_DESCRIPTION)}
)  # checkboxes and radio buttons may hold mrkdwn
OPTIONS: Final = array(OPTION, 1, limits.SELECT_OPTIONS)
GROUPS: Final = array(shape({"label": plain(limits.OPTION_GROUP_LABEL), "options": OPTIONS}, {}), 1, limits.OPTION_GROUPS)
DISPATCH: Final = shape({}, {"trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"), 1, 2)})

_ACTION: Final[Mapping[str, Check]] = {"action_id": string(limits.ACTION_ID, 1)}
_ASKS: Final[Mapping[str, Check]] = {**_ACTION, "confirm": CONFIRM}
_FOCUS: Final[Mapping[str, Check]] = {"focus_on_load": boolean}
_CHOOSES: Final[Mapping[str, Check]] = {**_ASKS, **_FOCUS, "placeholder": plain(limits.PLACEHOLDER)}
_TYPES: Final[Mapping[str, Check]] = {
    **_ACTION,
    **_FOCUS,
    "placeholder": plain(limits.PLACEHOLDER),
    "dispatch_action_config": DISPATCH,
}
_OPTIONS: Final[Mapping[str, Check]] = {"options": OPTIONS, "option_groups": GROUPS}
_ID: Final = string(255, 1)
_IDS: Final = array(_ID)
_MANY: Final[Mapping[str, Check]] = {"max_selected_items": integer(1, 1_000)}
_TEXT_INPUT: Final = shape({}, {**_TYPES, "initial_value": string(limits.INPUT_TEXT)})

BUTTON: Final = shape(
    {"text": plain(limits.BUTTON_TEXT)},
    {
        **_ASKS,
        "value": string(limits.BUTTON_VALUE),
        "url": string(limits.BUTTON_URL),
        "style": choice("primary", "danger"),
        "accessibility_label": string(limits.BUTTON_LABEL),
    },
)
IMAGE: Final = shape(
    {"alt_text": string(limits.ALT_TEXT, 1)},
    {"image_url": string(limits.IMAGE_URL, 1), "slack_file": shape({}, {"id": _ID, "url": string(limits.IMAGE_URL, 1)})},
    one_of("image_url", "slack_file"),
)
CHECKBOXES: Final = shape(
    {"options": array(LIST_OPTION, 1, limits.LIST_OPTIONS)},
    {**_ASKS, **_FOCUS, "initial_options": array(LIST_OPTION, 1, limits.LIST_OPTIONS)},
    _value_is_known(several=True),
)
RADIO: Final = shape(
    {"options": array(LIST_OPTION, 1, limits.LIST_OPTIONS)},
    {**_ASKS, **_FOCUS, "initial_option": LIST_OPTION},
    _value_is_known(several=False),
)
SELECTS: Final[Mapping[str, Check]] = {
    "static_select": shape(
        {}, {**_CHOOSES, **_OPTIONS, "initial_option": OPTION}, one_of("options", "option_groups"), _value_is_known(several=False)
    ),
    "multi_static_select": shape(
        {},
        {**_CHOOSES, **_OPTIONS, **_MANY, "initial_options": array(OPTION, 1, limits.SELECT_OPTIONS)},
        one_of("options", "option_groups"),
        _value_is_known(several=True),
    ),
    "users_select": shape({}, {**_CHOOSES, "initial_user": _ID}),
    "multi_users_select": shape({}, {**_CHOOSES, **_MANY, "initial_users": _IDS}),
    "channels_select": shape({}, {**_CHOOSES, "initial_channel": _ID, "response_url_enabled": boolean}),
    "conversations_select": shape(
        {}, {**_CHOOSES, "initial_conversation": _ID, "default_to_current_conversation": boolean, "response_url_enabled": boolean}
    ),
}
_PICKERS: Final[Mapping[str, Check]] = {
    "datepicker": shape({}, {**_CHOOSES, "initial_date": string(10, 10)}),
    "timepicker": shape({}, {**_CHOOSES, "initial_time": string(5, 5), "timezone": string(255, 1)}),
}
_LISTS: Final[Mapping[str, Check]] = {"checkboxes": CHECKBOXES, "radio_buttons": RADIO}
_OVERFLOW: Final = shape({"options": array(OPTION, 1, limits.OVERFLOW_OPTIONS)}, _ASKS)

ACCESSORIES: Final[Mapping[str, Check]] = {
    "button": BUTTON,
    "image": IMAGE,
    "overflow": _OVERFLOW,
    **_LISTS,
    **SELECTS,
    **_PICKERS,
}
ACTIONS: Final[Mapping[str, Check]] = {name: check for name, check in ACCESSORIES.items() if name != "image"}
INPUTS: Final[Mapping[str, Check]] = {
    "plain_text_input": shape(
        {},
        {
            **_TYPES,
            "initial_value": string(),
            "multiline": boolean,
            "min_length": integer(0, limits.INPUT_TEXT),
            "max_length": integer(1, limits.INPUT_TEXT),
        },
        _lengths_in_order,
    ),
    "email_text_input": _TEXT_INPUT,
    "url_text_input": _TEXT_INPUT,
    "number_input": shape(
        {"is_decimal_allowed": boolean},
        {**_TYPES, "initial_value": string(255), "min_value": string(255), "max_value": string(255)},
    ),
    "file_input": shape({}, {**_ACTION, "filetypes": array(string(255, 1), 1), "max_files": integer(1, limits.INPUT_FILES)}),
    **_LISTS,
    **SELECTS,
    **_PICKERS,
}
CONTEXT: Final[Mapping[str, Check]] = {
    "image": IMAGE,
    "plain_text": plain(limits.TEXT),
    "mrkdwn": text(limits.TEXT),
}
