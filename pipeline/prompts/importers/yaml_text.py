"""YAML or JSON text as a mapping. YAML is loaded safely, and without references, by which a small file could fill the memory."""

from typing import Any

import yaml

MOST_CHARACTERS = 1_000_000


class _Loader(yaml.SafeLoader):
    """Knows no anchors."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not read")
        return super().compose_node(parent, index)


def as_mapping(text: str) -> dict[str, Any] | None:
    """The mapping `text` holds, its keys as texts; None for any other content."""
    if len(text) > MOST_CHARACTERS or ":" not in text:
        return None
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else None
