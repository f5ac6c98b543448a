"""Embedding models on Amazon Bedrock through InvokeModel, whose bodies each maker shapes differently.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html. An attempt, its failures and its retries are
those of Converse.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from pipeline.errors import InputError
from pipeline.models.failures import failure
from pipeline.models.limits import Asked, admitted
from pipeline.models.providers.bedrock import attempted, bedrock_gate, make_client
from pipeline.models.retry import with_retries
from pipeline.models.settings import ModelSettings
from pipeline.models.threads import Threads
from pipeline.records import Output, Usage

_TOKENS_HEADER = "x-amzn-bedrock-input-token-count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """What one call gave: a vector as the model made it, or None and an output with the failure; `output` has the usage."""

    vector: tuple[float, ...] | None
    output: Output


class BedrockEmbedding:
    """One embedding model of Amazon (Titan) or Cohere; one text a call, so that each is paid for once."""

    def __init__(self, model_id: str, settings: ModelSettings) -> None:
        if "titan-embed-text" not in model_id and "cohere.embed" not in model_id:
            raise InputError(
                f'"{model_id}" is no embedding model Ferry knows. Use bedrock:amazon.titan-embed-text-v2:0, '
                "bedrock:cohere.embed-multilingual-v3, or hashing:512 without any model."
            )
        self.ref = f"bedrock:{model_id}"
        self._model_id, self._settings = model_id, settings
        self._gate = bedrock_gate(self.ref, settings)
        self._threads: Threads[Output] = Threads(settings.in_flight)
        self._client: Any = None
        self._making = threading.Lock()

    async def embed(self, text: str) -> Embedded:
        """The vector of `text`; every failure of the provider is in `output`."""
        body = self._body(text)
        asked = Asked(characters=len(text), shape="embedding")
        attempt = admitted(self._gate, lambda: asked, lambda: self._threads.run(lambda _stop: self._attempt(body)))
        output = await with_retries(attempt, self._settings)
        if output.failure is not None:
            return Embedded(vector=None, output=output)
        return Embedded(vector=_vector(json.loads(output.text or "{}")), output=output)

    async def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _body(self, text: str) -> str:
        if "titan" in self._model_id:
            return json.dumps({"inputText": text, **({"normalize": True} if "-v2" in self._model_id else {})})
        return json.dumps({"texts": [text], "input_type": "clustering", "truncate": "END", "embedding_types": ["float"]})

    def _attempt(self, body: str) -> Output:
        started = perf_counter()
        return attempted(lambda: self._invoke(body), "", started, self._settings)

    def _invoke(self, body: str) -> Output:
        response = self._made_client().invoke_model(
            modelId=self._model_id, body=body, contentType="application/json", accept="application/json"
        )
        written = response["body"].read().decode()
        try:
            reply = json.loads(written)
        except ValueError:
            return Output(sample_id="", text=None, failure=failure("malformed"))
        return Output(sample_id="", text=written, usage=_usage(reply, response["ResponseMetadata"]["HTTPHeaders"]))

    def _made_client(self) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
        with self._making:
            if self._client is None:
                self._client = make_client("bedrock-runtime", self._settings)
            return self._client


def _usage(reply: Mapping[str, Any], headers: Mapping[str, str]) -> Usage:
    counted = reply.get("inputTextTokenCount", headers.get(_TOKENS_HEADER, 0))
    return Usage(input_tokens=int(counted), output_tokens=0)


def _vector(reply: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Titan gives one vector, Cohere a list of them, by type where types were asked for; None for what is neither."""
    given = reply.get("embeddings", [])
    rows = given.get("float", []) if isinstance(given, Mapping) else given
    found = reply["embedding"] if "embedding" in reply else rows[0] if len(rows) == 1 else None
    return None if found is None else tuple(map(float, found))
