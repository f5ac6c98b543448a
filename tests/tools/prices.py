"""Makes pipeline/data/catalog/prices.json from LiteLLM's model_prices.json: `python -m tests.tools.prices FILE VERSION DATE`.

Kept are text models of Bedrock, OpenAI, Anthropic, Mistral and Google that have both a price for input and one for output (on
demand, cached, in batches, flexible and with priority), and models that embed text, whose output has no price. Left out are
prices tied to a region or a commitment (a ref names neither), and free previews, whose price of 0 would read as "costs nothing".
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[2] / "pipeline" / "data" / "catalog" / "prices.json"
PROVIDERS = {
    "anthropic": "anthropic",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "gemini": "google",
    "mistral": "mistral",
    "openai": "openai",
}
FIELDS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "batch_input": "input_cost_per_token_batches",
    "batch_output": "output_cost_per_token_batches",
    "flex_input": "input_cost_per_token_flex",
    "flex_output": "output_cost_per_token_flex",
    "priority_input": "input_cost_per_token_priority",
    "priority_output": "output_cost_per_token_priority",
}
NOT_TEXT = re.compile(r"audio|tts|realtime|image|lyria|live|transcribe|computer-use|robotics|veo|marengo|multimodal")


def main(source: Path, version: str, date: str) -> None:
    given: Mapping[str, Mapping[str, Any]] = json.loads(source.read_text(encoding="utf-8"))
    models = dict(sorted(_kept(given)))
    addresses = sorted({model["source"] for model in models.values()})
    lines = [
        f"{json.dumps(name)}: {json.dumps([model['provider'], addresses.index(model['source']), *model['prices']])}"
        for name, model in models.items()
    ]
    head = {
        "origin": f"LiteLLM {version}, model_prices_and_context_window.json, https://github.com/BerriAI/litellm",
        "licence": "MIT, see LICENSE-litellm.txt",
        "date": date,
        "unit": "USD per million tokens",
        "fields": ["provider", "address", *FIELDS],
        "addresses": addresses,
    }
    written = json.dumps(head, indent=1)[:-2] + ',\n "models": {\n' + ",\n".join(lines) + "\n }\n}\n"
    OUT.write_text(written, encoding="utf-8")
    print(f"{len(models)} models, {len(written):,} bytes")  # noqa: T201


def _kept(given: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in given.items():
        provider = PROVIDERS.get(str(model.get("litellm_provider")))
        short = name.removeprefix("gemini/").removeprefix("mistral/")
        if provider and "/" not in short and not NOT_TEXT.search(name) and _is_priced(model):
            prices = [_per_million(model.get(field)) for field in FIELDS.values()]
            prices[1] = prices[1] or 0.0  # vectors cost nothing beside the text they are of
            while prices[-1] is None:
                prices.pop()
            yield short, {"provider": provider, "source": model.get("source") or "", "prices": prices}


def _is_priced(model: Mapping[str, Any]) -> bool:
    if model.get("mode") == "embedding":
        return bool(model.get("input_cost_per_token"))
    answers = model.get("mode") in {"chat", "responses"}
    return answers and bool(model.get("input_cost_per_token") and model.get("output_cost_per_token"))


def _per_million(price: float | None) -> float | None:
    return None if price is None else round(price * 1_000_000, 6)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
