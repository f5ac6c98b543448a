"""What GetPrompt returns: TEXT and CHAT templates, declared variables, inference configuration."""

import pytest

from pipeline.errors import InputError
from pipeline.prompts.template import variables
from pipeline.records import Syntax, Turn
from tests.pipeline.prompts.importers.reading import read

TEXT = {
    "name": "plain",
    "templateType": "TEXT",
    "templateConfiguration": {"text": {"text": 'Sort {{ q }} as {"a": {}}', "inputVariables": [{"name": "q"}, {"name": "z"}]}},
    "modelId": "amazon.nova-lite-v1:0",
    "inferenceConfiguration": {"text": {"temperature": 0.2, "topP": 0.9, "maxTokens": 90, "stopSequences": ["END"]}},
    "additionalModelRequestFields": {"top_k": 5},
}
CHAT = {
    "name": "chat",
    "templateType": "CHAT",
    "templateConfiguration": {
        "chat": {
            "system": [{"text": "Be kind."}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {"role": "user", "content": [{"text": "Late"}, {"cachePoint": {"type": "default"}}]},
                {"role": "assistant", "content": [{"text": "delivery"}]},
                {"role": "user", "content": [{"text": "{{q}} {{other}}"}]},
            ],
            "inputVariables": [{"name": "q"}],
            "toolConfiguration": {
                "tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}],
                "toolChoice": {"tool": {"name": "look"}},
            },
        }
    },
}
PROMPT = {"name": "sorter", "defaultVariant": "chat", "variants": [TEXT, CHAT], "id": "P1", "version": "3"}


def test_the_default_variant_comes_first_with_its_turns() -> None:
    chat, text = read(PROMPT)
    assert [chat.name, text.name] == ["sorter/chat", "sorter/plain"]
    assert chat.prompt.turns == (Turn(role="user", text="Late"), Turn(role="assistant", text="delivery"))
    assert (chat.prompt.system, chat.prompt.user) == ("Be kind.", "{{q}} {{other}}")
    assert (chat.tools[0].name, chat.tool_choice) == ("look", "look")
    assert any("{{other}} is marked but not among" in said for said in chat.not_carried)


def test_a_text_template_keeps_its_json_and_its_configuration() -> None:
    _, text = read(PROMPT)
    parameters = text.prompt.parameters
    assert (parameters.max_tokens, parameters.temperature, parameters.top_p, parameters.stop) == (90, 0.2, 0.9, ("END",))
    assert (variables(text.prompt), text.prompt.syntax, text.model) == (("q",), Syntax.DOUBLE, "amazon.nova-lite-v1:0")
    assert text.not_carried == ("The declared variable z is marked nowhere.", "Not sent: top_k.")


def test_a_prompt_without_a_template_says_where() -> None:
    with pytest.raises(InputError, match="no variant"):
        read({**PROMPT, "variants": []})
    with pytest.raises(InputError, match='sorter/x has no "text"'):
        read({**PROMPT, "variants": [{"name": "x", "templateConfiguration": {"text": {}}}]})
