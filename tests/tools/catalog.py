"""Makes pipeline/data/catalog/models.json from LiteLLM's model_prices.json: `python -m tests.tools.catalog FILE VERSION DATE`.

Kept is what decides where a prompt can go: window, longest answer, what the model takes, end of life, regions. The same text
models as in prices.json, and those besides that have no price. What LiteLLM does not say is left out, never written as "no".
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.models.catalog.snapshot import LETTERS
from tests.tools.prices import NOT_TEXT, PROVIDERS

OUT = Path(__file__).parents[2] / "pipeline" / "data" / "catalog" / "models.json"
REGION = re.compile(r"bedrock/([a-z]{2}(?:-gov)?-[a-z]+-\d)/([^/]+)")
FLAGS = {
    "image": "supports_vision",
    "pdf": "supports_pdf_input",
    "audio": "supports_audio_input",
    "tools": "supports_function_calling",
    "json schema": "supports_response_schema",
    "caching": "supports_prompt_caching",
    "reasoning": "supports_reasoning",
    "sampling": "supports_sampling_params",
}
# On Bedrock a response schema may be LiteLLM's own doing; what Converse enforces itself is told by these two.
NATIVE = ("supports_bedrock_native_structured_output", "supports_native_structured_output")


def main(source: Path, version: str, date: str) -> None:
    given: Mapping[str, Mapping[str, Any]] = json.loads(source.read_text(encoding="utf-8"))
    regions = _regions(given)
    models = {}
    for name, model in given.items():
        provider = PROVIDERS.get(str(model.get("litellm_provider")))
        short = name.removeprefix("gemini/").removeprefix("mistral/").removeprefix("bedrock/")
        if provider and model.get("mode") in {"chat", "responses"} and not NOT_TEXT.search(name) and "/" not in short:
            models[short] = _row(provider, model, regions[short] if provider == "bedrock" else set())
    lines = [f"{json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in sorted(models.items())]
    head = {
        "origin": f"LiteLLM {version}, model_prices_and_context_window.json, https://github.com/BerriAI/litellm",
        "licence": "MIT, see LICENSE-litellm.txt",
        "date": date,
        "unit": "tokens; a capital letter is yes, a small one no, no letter unknown",
        "letters": LETTERS,
        "fields": ["provider", "context", "max_output", "takes", "retires", "regions"],
    }
    written = json.dumps(head, indent=1)[:-2] + ',\n "models": {\n' + ",\n".join(lines) + "\n }\n}\n"
    OUT.write_text(written, encoding="utf-8")
    print(f"{len(models)} models, {len(written):,} bytes")  # noqa: T201


def _regions(given: Mapping[str, Mapping[str, Any]]) -> Mapping[str, set[str]]:
    """The regions LiteLLM has a price of its own for, by model: a model may be in others too."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in given:
        match = REGION.fullmatch(name)
        if match:
            found[match[2]].add(match[1])
    return found


def _row(provider: str, model: Mapping[str, Any], regions: set[str]) -> list[Any]:
    takes = "".join(_letter(provider, feature, model) for feature in LETTERS)
    row = [provider, model.get("max_input_tokens"), model.get("max_output_tokens"), takes, model.get("deprecation_date")]
    row += [sorted(regions)] if regions else []
    while row[-1] in (None, ""):
        row.pop()
    return row


def _letter(provider: str, feature: str, model: Mapping[str, Any]) -> str:
    said = model.get(FLAGS[feature])
    if feature == "json schema" and provider == "bedrock":
        said = next((model[flag] for flag in NATIVE if model.get(flag) is not None), None)
    if feature == "image" and said is None and "image" in (model.get("supported_modalities") or ()):
        said = True
    letter = LETTERS[feature]
    return "" if said is None else letter.upper() if said else letter


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
