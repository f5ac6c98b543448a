"""Embedding models of OpenAI and of servers that speak like it: https://platform.openai.com/docs/api-reference/embeddings."""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.models.address import split_address
from pipeline.models.limits import Asked
from pipeline.models.providers.bedrock_embed import Embedded
from pipeline.models.providers.openai import Server
from pipeline.models.providers.openai_reply import NoCompletionError
from pipeline.models.settings import ModelSettings
from pipeline.records import Output, Usage


class _Vector(BaseModel):
    embedding: list[float]


class _Usage(BaseModel):
    prompt_tokens: int = 0


class _Reply(BaseModel):
    data: list[_Vector]
    usage: _Usage = _Usage()


class OpenAIEmbedding:
    """One embedding model; one text a call, so that each is paid for once."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.ref = f"openai:{name}"
        self._model = split_address(name)[0]
        self._server = Server(name, settings)

    async def embed(self, text: str) -> Embedded:
        """The vector of `text`; every failure of the provider is in `output`."""
        asked = Asked(characters=len(text), shape="embedding")
        output = await self._server.answered("", lambda client: self._ask(client, text), lambda: asked)
        vector = tuple(json.loads(output.text)) if output.text else None
        return Embedded(vector=vector, output=output)

    async def close(self) -> None:
        await self._server.close()

    async def _ask(self, client: Any, text: str) -> Output:  # noqa: ANN401  openai.AsyncOpenAI, imported late
        from httpx2 import Response

        body = {"model": self._model, "input": text, "encoding_format": "float"}
        response = await client.post("/embeddings", cast_to=Response, body=body)
        try:
            reply = _Reply.model_validate_json(response.content)
        except ValidationError as error:
            raise NoCompletionError from error
        usage = Usage(input_tokens=reply.usage.prompt_tokens, output_tokens=0)
        written = json.dumps(reply.data[0].embedding) if len(reply.data) == 1 else ""
        return Output(sample_id="", text=written, usage=usage, request_id=response.headers.get("x-request-id"))
