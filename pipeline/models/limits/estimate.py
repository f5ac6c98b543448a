"""How many tokens a request has before anybody has counted them: characters by a ratio, learned from what providers count."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pipeline.hashing import content_hash
from pipeline.records import Request

CHARACTERS_PER_TOKEN = 3.0  # cautious, see pipeline.prompts.contract
NEWEST = 0.1  # the weight of the newest count
Count = Callable[[], Awaitable[int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a limit needs to know of a call: its characters, the longest answer it allows, what shares its ratio (`shape`).

    `count` asks the provider how many input tokens it has, for nothing; None where that cannot be asked.
    """

    characters: int
    most_output: int = 0
    shape: str = ""
    count: Count | None = None


def asked_of(request: Request, count: Count | None = None) -> Asked:
    """For a request to a model. Samples of one prompt version share a shape; so may two versions that differ in their turns."""
    tools = (*request.tools, request.tool)
    parameters = request.parameters
    texts = (request.system, parameters.json_schema or "", *(turn.text for turn in request.turns))
    schemas = (len(tool.schema) + len(tool.name) for tool in tools if tool is not None)
    return Asked(
        characters=sum(map(len, texts)) + sum(schemas),
        most_output=parameters.max_tokens,
        shape=content_hash([request.system, parameters, tools, len(request.turns)]),
        count=count,
    )


@dataclass(slots=True)
class Estimator:
    """Tokens for each character, by shape; a shape nobody knows has the ratio of the last one."""

    ratios: dict[str, float] = field(default_factory=dict)
    last: float = 1 / CHARACTERS_PER_TOKEN

    async def tokens(self, asked: Asked) -> float:
        """Input tokens. The first of a shape is counted by the provider where that is free; others do not wait for it."""
        if asked.shape not in self.ratios:
            self.ratios[asked.shape] = self.last
            counted = await asked.count() if asked.count else None
            if counted is not None:
                self._learn(asked, counted, 1.0)
        return asked.characters * self.ratios[asked.shape]

    def counted(self, asked: Asked, tokens: int) -> None:
        """What the provider counted for a call that ended."""
        self._learn(asked, tokens, NEWEST if asked.shape in self.ratios else 1.0)

    def _learn(self, asked: Asked, tokens: int, weight: float) -> None:
        old = self.ratios.get(asked.shape, self.last)
        self.last = self.ratios[asked.shape] = old + weight * (tokens / max(1, asked.characters) - old)
