"""Answer schema: where the prompt asks for JSON and names no schema, one guessed from the references of dev, as a proposal."""

from dataclasses import dataclass, replace

from pipeline.prompts.contract import demands_json, references
from pipeline.prompts.methods.family_rules import converted
from pipeline.prompts.port import Ask
from pipeline.prompts.schemas import inferred, legal_schema
from pipeline.prompts.targets import takes_schema
from pipeline.records import Edit, PromptVersion

_SOURCE = "https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, read 2026-11; references of dev"


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The prompt after the lossless rules of the target's family, with the schema as a parameter: no word changes."""

    name: str = "answer schema"

    def applies(self, ask: Ask) -> bool:
        named = ask.prompt.parameters.json_schema is not None
        return not named and ask.prompt.tools is None and takes_schema(ask.target) and self._schema(ask) is not None

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        start, schema = converted(ask, self.name), self._schema(ask)
        edit = Edit(
            rule="answer-schema-guessed",
            reason=f"Asks for JSON of one schema, guessed from {len(references(ask.dev))} references of dev. The provider then "
            "gives no other; what no reference showed it cannot give either, so a person must look at the schema.",
            source=_SOURCE,
            lossless=False,
        )
        parameters = replace(start.parameters, json_schema=schema)
        return (replace(start, parameters=parameters, edits=(*start.edits, edit)),)

    def _schema(self, ask: Ask) -> str | None:
        found = inferred(references(ask.dev)) if demands_json(ask.prompt) else None
        return None if found is None else legal_schema(found, ask.target)
