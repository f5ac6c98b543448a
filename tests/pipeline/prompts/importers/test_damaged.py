"""Files of a known format with a part of another kind: read, or refused in a sentence, never a crash."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import FerryError
from pipeline.hashing import plain
from pipeline.prompts.lint import fixed, lint
from pipeline.records import PromptVersion, Step, Turn
from tests.pipeline.prompts.asks import CLAUDE, NOVA
from tests.pipeline.prompts.importers.reading import read
from tests.pipeline.prompts.importers.test_advpo import RESULT
from tests.pipeline.prompts.importers.test_bedrock_prompt import PROMPT
from tests.pipeline.prompts.importers.test_openai_chat import REQUEST

PROMPTFOO = {
    "prompts": ["Sort {{x}}", {"label": "a", "raw": '[{"role": "user", "content": "{{x}}"}]'}],
    "providers": [{"id": "openai:gpt-4o", "config": {"temperature": 0, "stop": ["a"]}}],
    "tests": [{"vars": {"x": 1}, "assert": [{"type": "equals"}]}],
}
VERSION = plain(PromptVersion(user="Say {x}", turns=(Turn(role="assistant", text="1"),), finish=(Step(name="fence"),)))
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "x", "{y}", "{{y}}"]))
ODD = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("name"), inner, max_size=1))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in ((*path, key), *places(item, (*path, key)))]


@settings(max_examples=100)
@given(st.sampled_from([REQUEST, PROMPT, RESULT, PROMPTFOO, VERSION]), st.data(), ODD)
def test_a_part_of_another_kind_never_crashes(whole: dict[str, Any], data: st.DataObject, odd: object) -> None:
    damaged = copy.deepcopy(whole)
    *way, last = data.draw(st.sampled_from(places(damaged)))
    part: Any = damaged
    for key in way:
        part = part[key]
    part[last] = odd
    try:
        found = read(json.dumps(damaged))
    except FerryError:
        return
    for one in found:
        for ref in (CLAUDE, NOVA):
            lint(fixed(one, ref), ref)
