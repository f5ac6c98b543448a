"""What an empty form opens with comes from a file; one that cannot be used is named when the process starts."""

from pathlib import Path

import pytest

from bot.modals.defaults import read_defaults
from bot.modals.new_migration import Prefill
from pipeline.errors import InputError
from pipeline.records import Parameters


def test_without_a_file_the_form_is_empty() -> None:
    assert read_defaults(None) == Prefill()


def test_a_file_fills_the_form(tmp_path: Path) -> None:
    path = tmp_path / "defaults.json"
    path.write_text(
        '{"source": "recorded:today", "smes": ["U3"], "owner": "U2", "parameters": {"max_tokens": 64, "stop": ["\\n"]}}'
    )
    expected = Prefill(source="recorded:today", smes=("U3",), owner="U2", parameters=Parameters(max_tokens=64, stop=("\n",)))
    assert read_defaults(path) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "the file"),
        ("[]", "the file"),
        ('{"smes": "U3"}', "smes"),
        ('{"parameters": {"max_tokens": "many"}}', "parameters.max_tokens"),
        ('{"onwer": "U2"}', "onwer"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_field(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "defaults.json"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as error:
        read_defaults(path)
    assert "FERRY_FORM_DEFAULTS" in error.value.message
    assert str(path) in error.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which cannot be read"):
        read_defaults(tmp_path / "none.json")
