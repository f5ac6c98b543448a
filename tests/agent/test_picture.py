"""The graph in docs/architecture.md is the one that is compiled. FERRY_UPDATE_GOLDEN=1 draws it anew."""

import os
from pathlib import Path

from agent.graph import picture

DOC = Path(__file__).parents[2] / "docs" / "architecture.md"
BEGIN, END = "<!-- graph:begin -->", "<!-- graph:end -->"


def test_the_architecture_page_shows_the_compiled_graph() -> None:
    text = DOC.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, f"{DOC.name} has no place for the graph"
    drawn = f"{before}{BEGIN}\n```mermaid\n{picture().strip()}\n```\n{END}{after}"
    if os.environ.get("FERRY_UPDATE_GOLDEN"):
        DOC.write_text(drawn, encoding="utf-8")
    assert drawn == DOC.read_text(encoding="utf-8")
