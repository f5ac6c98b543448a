"""Tags of template languages, which Ferry does not fill in: refused with their place, wherever a prompt comes from."""

import json

import pytest

from pipeline.errors import InputError
from pipeline.prompts.importers.bedrock_prompt import as_it_stands
from pipeline.prompts.importers.port import Source
from pipeline.prompts.managed import form
from pipeline.prompts.template import variables
from pipeline.records import PromptVersion, Syntax
from tests.pipeline.prompts.importers.reading import one, read

TAGS = (
    "{{ name | upper }}",
    "{% if name %}",
    "{{#each names}}",
    "{{ user.name }}",
    "{{- name -}}",
    "{{ a or b }}",
    "{{ a + b }}",
    "{{ a if b else c }}",
    "{{{ name }}}",
    "{{\n name\n}}",
    "{{~#if a}}",
)


def bedrock(text: str) -> object:
    return {"name": "sorter", "variants": [{"name": "v", "templateConfiguration": {"text": {"text": text}}}]}


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize(
    ("file", "place"),
    [
        (lambda text: text, "prompt.txt uses"),
        (lambda text: {"prompts": ["Hi {{x}}", text]}, "prompt.txt, prompt 2 uses"),
        (lambda text: {"messages": [{"role": "system", "content": text}, {"role": "user", "content": "Hi"}]}, "prompt.txt uses"),
        (lambda text: {"system": text, "user": "{{x}}"}, "prompt.txt uses"),
        (bedrock, "sorter/v uses"),
        (lambda text: {"promptTemplate": text}, "Line 1 of prompt.txt uses"),
    ],
    ids=["plain", "promptfoo", "chat", "system and user", "Bedrock", "AdvPO"],
)
def test_a_tag_whose_variable_would_be_lost_is_refused_with_its_place(file: object, place: str, tag: str) -> None:
    with pytest.raises(InputError) as caught:
        read(file(f"Sort {tag} now {{{{x}}}}"))  # type: ignore[operator]
    assert f"{place} {tag}, which Ferry does not fill in" in caught.value.message


@pytest.mark.parametrize(
    "text", ['Sort {{x}} as [{{"a": {"b": 1}}]', "Sort {{ x }}, 100%", "Sort {x} {% if a %}", "{{x}} \\{{ y }}", "{{x}} {{1}}"]
)
def test_braces_that_are_no_tag_stay_text(text: str) -> None:
    assert variables(one(text).prompt) == ("x",)


def test_a_declared_syntax_takes_tags_as_text() -> None:
    for found in (one("syntax: {{x}}\n{{x}} {% if a %}"), one("{{x}} {% if a %}", syntax="{{x}}")):
        assert found.prompt.user == "{{x}} {% if a %}"
    assert one({"prompts": ["{{x}} {{ y | upper }}"]}, syntax="{{x}}").prompt.user == "{{x}} {{ y | upper }}"


def test_what_advpo_wrote_is_read_so_that_the_guards_can_refuse_it() -> None:
    results = [{"optimizedPromptTemplate": "B {{x}} {{ y | upper }}", "modelId": "m"}]
    _, better = read(json.dumps({"promptTemplate": "A {{x}}", "promptOptimizationResults": results}))
    assert better.prompt.user == "B {{x}} {{ y | upper }}"


def test_a_version_that_ferry_published_comes_back_with_its_text() -> None:
    published = PromptVersion(user="{{x}} {% if a %}", syntax=Syntax.DOUBLE)
    assert one({"name": "sorter", "variants": [form.variant(published)]}).prompt == published
    (foreign,) = as_it_stands(Source(text=json.dumps(bedrock("{% if a %}{{x}}")), name="sorter"))
    assert variables(foreign.prompt) == ("x",)
