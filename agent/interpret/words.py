"""A text as the rules compare it: without Slack's markup, politeness and punctuation, in small letters."""

import re
import unicodedata

MENTION = re.compile(r"<[@!#][^>]*>")
LINK = re.compile(r"<(?:https?://|mailto:)[^>|]*\|([^>]*)>|<(?:https?://)?([^>|]*)>")
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
DROPPED = re.compile(r"[^\w\s%.,:/=+\-']|(?<!\d)[.,]|[.,](?!\d)|(?<!\w)'|'(?!\w)")


def each(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


FILLERS = each(
    "a an the please pls plz kindly hey hi hello ferry bot can could would you we i we'd i'd like want to let's lets just "
    "me us it this that its thanks thank ok okay so well then and thing my our of for do does is are be with on in "
    "right currently there"
)


def plain(text: str) -> str:
    """`text` without Slack's markup; a link is what it shows. Letters keep their case: model ids need it."""
    shown = LINK.sub(lambda m: m.group(1) or m.group(2) or "", MENTION.sub(" ", text))
    for entity, letter in ENTITIES.items():
        shown = shown.replace(entity, letter)
    shown = unicodedata.normalize("NFKC", shown).replace("’", "'").replace("`", " ").replace("*", " ")
    return " ".join(shown.split())


def words(text: str) -> list[str]:
    """The words of a plain text in small letters, without punctuation around them."""
    return DROPPED.sub(" ", text.casefold()).split()


def core(text: str) -> str:
    """What is left without filler words; all of it where nothing else is said."""
    said = words(text)
    return " ".join(word for word in said if word not in FILLERS) or " ".join(said)
