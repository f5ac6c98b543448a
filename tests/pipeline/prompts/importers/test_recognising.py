"""Which importer reads a file is decided by what is in it; what none knows is plain text."""

import pytest

from pipeline.errors import InputError
from pipeline.prompts.importers import IMPORTERS, Source, imported
from pipeline.prompts.importers.ferry_version import dumps
from pipeline.records import PromptVersion
from tests.pipeline.prompts.importers.reading import SHOWN, one, read

TEXTS = {
    "Ferry prompt version": dumps(PromptVersion(user="Say {x}", system="You talk.")),
    "AdvPO": '{"promptTemplate": "{{x}}"}',
    "Bedrock Prompt": '{"variants": [{"name": "v", "templateConfiguration": {"text": {"text": "{{x}}"}}}]}',
    "OpenAI chat JSON": '[{"role": "user", "content": "{x}"}]',
    "promptfoo": "prompts: ['{{x}}']",
    "system and user": "system: Be kind.\nuser: 'Sort {x}'",
    "plain text": "system: Be kind. Sort {x}",
}


@pytest.mark.parametrize("name", [importer.name for importer in IMPORTERS])
def test_each_format_is_recognised_by_its_content(name: str) -> None:
    assert one(TEXTS[name]).format == name


@pytest.mark.parametrize("text", ["{", "[]", "{}", "[1]", "null", "- a\n- {x}", "a: b", "{x}: y", '{"a": 1}', "\t: {x}"])
def test_what_is_of_no_format_is_plain_text(text: str) -> None:
    assert one(text).format == "plain text"


@pytest.mark.parametrize("name", ["prompt.json", "prompt.YAML", "prompt.yml", "prompt.jsonl"])
@pytest.mark.parametrize("text", ['{"variants": null}', "prompts: [", "Say {x}"])
def test_a_file_that_says_it_is_of_a_format_and_is_of_none_is_no_prompt(name: str, text: str) -> None:
    with pytest.raises(InputError, match="of none of the formats"):
        imported(Source(text=text, name=name))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InputError, match="half a character"):
        read('{"messages": [{"role": "user", "content": "bad \\ud800 {x}"}]}')


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InputError, match="is empty"):
        imported(Source(text=" \n", name="a.txt"))


def test_plain_text_takes_a_system_text_and_turns_beside_it() -> None:
    found = one("Sort {x}", system="Be kind to {name}.", turns=SHOWN)
    assert (found.prompt.system, found.prompt.turns, found.prompt.user) == ("Be kind to {name}.", SHOWN, "Sort {x}")


def test_a_system_text_alone_gets_a_place_for_the_question() -> None:
    found = one('system: |-\n  Sort it.\n  Answer JSON such as {"a": {"b": 1}}\n')
    assert found.prompt.user == "{input}"
    assert "the variable input" in found.not_carried[0]
