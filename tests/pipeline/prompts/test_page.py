"""The page of two prompts side by side: every line of them, every edit with its source, and nothing comes to life."""

from pipeline.prompts.page import side_by_side
from pipeline.records import Edit, PromptVersion

BEFORE = PromptVersion(user="Message: {question}\nIntent:")
AFTER = PromptVersion(
    user="<b>{question}</b>\nIntent:", method="family rules",
    edits=(Edit(rule="tags", reason="It reads <tags> best.", source="guide, 2026-09", lossless=False),),
)  # fmt: skip


def test_it_shows_both_sides_and_why_with_every_text_escaped() -> None:
    page = side_by_side(BEFORE, AFTER)
    for words in ("Message: {question}", "&lt;b&gt;{question}&lt;/b&gt;", "Intent:", "guide, 2026-09", "wording, a proposal"):
        assert words in page
    assert "<b>" not in page


def test_equal_prompts_are_said_to_be_equal() -> None:
    assert "Nothing changed." in side_by_side(BEFORE, BEFORE)
