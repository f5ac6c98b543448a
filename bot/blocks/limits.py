"""Slack's limits, each with the page of docs.slack.dev/reference it comes from (read in November 2026).

Where Slack's pages disagree or only warn, the smaller number stands here, so that what passes is accepted everywhere.
"""

from typing import Final

# /reference/block-kit/blocks and /surfaces/modals, /surfaces/app-home
MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
BLOCK_ID: Final = 255
ACTION_ID: Final = 255

# /reference/methods/chat.postMessage cuts at 40,000 and recommends 4,000; /reference/methods/chat.update refuses more than 4,000
MESSAGE_TEXT: Final = 4_000
POSTED_TEXT: Final = 40_000

# /reference/block-kit/blocks/section-block, header-block, context-block, actions-block, image-block
SECTION_TEXT: Final = 3_000
SECTION_FIELDS: Final = 10
FIELD_TEXT: Final = 2_000
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
ACTIONS_ELEMENTS: Final = 25
IMAGE_URL: Final = 3_000
ALT_TEXT: Final = 2_000
IMAGE_TITLE: Final = 2_000

# /reference/block-kit/blocks/input-block
INPUT_LABEL: Final = 2_000
INPUT_HINT: Final = 2_000

# /reference/block-kit/blocks/markdown-block: the sum over all markdown blocks of one payload
MARKDOWN_TEXT: Final = 12_000

# /reference/block-kit/blocks/table-block: characters are summed over all cells of one message; one table a message
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLE_CHARACTERS: Final = 10_000
MESSAGE_TABLES: Final = 1

# /reference/block-kit/composition-objects/text-object, option-object, confirmation-dialog-object
TEXT: Final = 3_000
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OPTION_DESCRIPTION: Final = 75
OPTION_GROUP_LABEL: Final = 75
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30

# /reference/block-kit/block-elements/*
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
BUTTON_URL: Final = 3_000
BUTTON_LABEL: Final = 75
SELECT_OPTIONS: Final = 100
OPTION_GROUPS: Final = 100
LIST_OPTIONS: Final = 10  # checkboxes and radio buttons
OVERFLOW_OPTIONS: Final = 5
PLACEHOLDER: Final = 150
INPUT_TEXT: Final = 3_000
INPUT_FILES: Final = 10

# /reference/views: titles and buttons of modals, metadata; /reference/methods/views.open: 250 KB, /surfaces/modals: a stack of 3
VIEW_TITLE: Final = 24
VIEW_BUTTON: Final = 24
CALLBACK_ID: Final = 255
EXTERNAL_ID: Final = 255
PRIVATE_METADATA: Final = 3_000
VIEW_BYTES: Final = 250_000
VIEW_STACK: Final = 3

# /interactivity/handling-user-interaction: acknowledgement, trigger and response_url; /apis/socket-mode: connections
ACK_SECONDS: Final = 3.0
TRIGGER_SECONDS: Final = 3.0
RESPONSE_URL_USES: Final = 5
RESPONSE_URL_SECONDS: Final = 1_800.0
SOCKETS: Final = 10
