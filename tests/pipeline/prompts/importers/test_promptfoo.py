"""promptfoo configurations, in YAML and in JSON."""

import pytest

from pipeline.errors import InputError
from pipeline.records import Syntax, Turn
from tests.pipeline.prompts.importers.reading import read

CONFIG = """
description: Sorting
prompts:
  - 'Sort {{question}} as {label}'
  - label: chat
    raw: |
      [{"role": "system", "content": "Be kind."},
       {"role": "user", "content": "Late"}, {"role": "assistant", "content": "delivery"},
       {"role": "user", "content": "{{question}}"}]
  - file://other.txt
providers:
  - id: openai:gpt-4o
    config: {temperature: 0.5, max_tokens: 99}
  - bedrock:amazon.nova-lite-v1:0
defaultTest:
  vars: {tone: kind}
tests:
  - vars: {question: Where is it}
    assert: [{type: equals, value: delivery}]
  - vars: {question: 7}
"""


def test_each_prompt_comes_with_the_first_providers_settings() -> None:
    plain, chat = read(CONFIG)
    assert (plain.prompt.user, plain.prompt.syntax) == ("Sort {{question}} as {label}", Syntax.DOUBLE)
    assert (plain.model, plain.prompt.parameters.temperature, plain.prompt.parameters.max_tokens) == ("openai:gpt-4o", 0.5, 99)
    assert (chat.name, chat.format, chat.prompt.system) == ("chat", "promptfoo", "Be kind.")
    assert chat.prompt.turns == (Turn(role="user", text="Late"), Turn(role="assistant", text="delivery"))


def test_tests_become_samples_and_what_is_left_is_said() -> None:
    found = read(CONFIG)[0]
    assert [dict(s.variables) for s in found.samples] == [
        {"tone": "kind", "question": "Where is it"},
        {"tone": "kind", "question": "7"},
    ]
    said = " ".join(found.not_carried)
    for part in ("file://other.txt", "Assertions are not read", "first of 2 providers"):
        assert part in said


def test_json_is_read_as_well_and_files_alone_are_refused() -> None:
    (found,) = read({"prompts": "Sort {{x}}", "providers": "openai:gpt-4o"})
    assert (found.prompt.user, found.model) == ("Sort {{x}}", "openai:gpt-4o")
    with pytest.raises(InputError, match="Import those files"):
        read({"prompts": ["file://a.txt"]})
    with pytest.raises(InputError, match="prompt 1 is no text"):
        read({"prompts": [7]})


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ("prompts.txt", "prompts.txt"),
        ("my prompts/sort.yaml", "my prompts/sort.yaml"),
        ("prompts/*.json", "prompts/*.json"),
        ("prompts/sort", "prompts/sort"),
        ("file://a.txt", "file://a.txt"),
        ("make.py:sort", "make.py:sort"),
        ("make.js", "make.js"),
        ("exec:./make", "exec:./make"),
        ("langfuse://sort:3", "langfuse://sort:3"),
        ({"id": "file://b.txt", "label": "b"}, "file://b.txt"),
        ({"raw": "b.md", "label": "b"}, "b.md"),
        ({"id": "a", "function": "sort"}, "sort"),
        ({"id": "a"}, "a"),
        ({"label": "a", "function": "sort"}, "sort"),
    ],
)
def test_what_stands_in_a_file_or_a_function_is_told_and_never_the_prompt(entry: object, named: str) -> None:
    (found,) = read({"prompts": [entry, "Sort {{x}}"]})
    assert found.prompt.user == "Sort {{x}}"
    assert found.not_carried[0].startswith(f"Not read: {named}. ")
    with pytest.raises(InputError, match="files or functions"):
        read({"prompts": [entry]})


def test_a_path_alone_or_as_a_key_is_no_prompt() -> None:
    for prompts in ("prompts.txt", "prompts/*", {"prompts.txt": "sorter"}):
        with pytest.raises(InputError, match=r"names its prompts as files or functions \(prompts"):
            read({"prompts": prompts})


@pytest.mark.parametrize(
    "text", ["Read {{x}} and write notes.txt", "Sort it.\nSee notes.txt", "{{x}}/{{y}}", "Is it yes/no or both"]
)
def test_a_text_that_only_speaks_of_a_file_is_a_prompt(text: str) -> None:
    (found,) = read({"prompts": [text]})
    assert found.prompt.user == text


def test_yaml_references_are_not_followed_and_never_run() -> None:
    for text in ("a: &x [1]\nprompts: [*x]", "prompts: !!python/object/apply:os.getcwd []"):
        (found,) = read(text)
        assert found.format == "plain text"
