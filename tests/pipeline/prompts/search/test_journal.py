"""The journal: what is kept survives a kill, a torn last line is cut, another search's file is refused."""

import os
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.prompts.search.journal import FileJournal, MemoryJournal
from pipeline.prompts.search.meter import Call
from pipeline.records import Candidate, Edit, Output, PromptVersion, Usage

CALL = Call(model="scripted:m", asked="hash", sample_id="s1")
OUTPUT = Output(sample_id="s1", text="yes <&> ü", usage=Usage(input_tokens=3, output_tokens=1), latency_s=0.25)
EDIT = Edit(rule="r", reason="why", source="where", lossless=False)
CANDIDATES = (
    Candidate(target="scripted:m", prompt=PromptVersion(user="{q}", edits=(EDIT,), shots=("a",))),
    Candidate(target="scripted:m", prompt=PromptVersion(user="other"), refusal="It lost {q}."),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "j.search.jsonl"


async def test_what_is_kept_is_there_again(path: Path) -> None:
    with FileJournal(path, "key") as journal:
        assert await journal.get(CALL) is None
        await journal.keep(CALL, OUTPUT)
        journal.keep_proposed("candidates", CANDIDATES)
        assert await journal.get(CALL) == OUTPUT
    with FileJournal(path, "key") as again:
        assert await again.get(CALL) == OUTPUT
        assert again.proposed("candidates") == CANDIDATES
        assert again.proposed("others") is None


async def test_it_needs_no_closing(path: Path) -> None:
    """A process that is killed closes its files without a word."""
    journal = FileJournal(path, "key")
    await journal.keep(CALL, OUTPUT)
    os.close(journal._handle)
    with FileJournal(path, "key") as again:
        assert await again.get(CALL) == OUTPUT


def test_two_searches_share_no_journal(path: Path) -> None:
    with FileJournal(path, "key"), pytest.raises(InputError, match="Another search is using"):
        FileJournal(path, "key")
    with FileJournal(path, "key") as again:
        assert len(again) == 0


async def test_a_torn_last_line_is_cut(path: Path) -> None:
    with FileJournal(path, "key") as journal:
        await journal.keep(CALL, OUTPUT)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"call":{"asked":"ha')
    with FileJournal(path, "key") as again:
        assert len(again) == 1
    assert path.read_bytes() == whole


async def test_the_first_answer_stands(path: Path) -> None:
    with FileJournal(path, "key") as in_file:
        for journal in (MemoryJournal(), in_file):
            await journal.keep(CALL, OUTPUT)
            await journal.keep(CALL, Output(sample_id="s1", text="no"))
            assert await journal.get(CALL) == OUTPUT


def test_another_searchs_journal_is_refused(path: Path) -> None:
    with FileJournal(path, "one"):
        pass
    with pytest.raises(InputError, match="is the journal of another search"):
        FileJournal(path, "other")


@pytest.mark.parametrize("line", ["not json", '{"call": 1, "output": 2}', '{"run": {}}', "[1]"])
def test_what_is_no_journal_is_refused(path: Path, line: str) -> None:
    with FileJournal(path, "key"):
        pass
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match=r"Line 2 of .* is none of a search's journal"):
        FileJournal(path, "key")
