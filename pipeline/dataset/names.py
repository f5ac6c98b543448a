"""The names columns go by, surest first, and how alike two names are."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

MILLISECONDS = frozenset({"ms", "msec", "millis", "millisecond", "milliseconds"})
CONSTANT = 2
ALIKE = 85


class Field(StrEnum):
    """The things a column can hold; values are the fields of ColumnMapping."""

    SAMPLE_ID = "sample_id"
    QUESTION = "question"
    CONTEXT = "context"
    PROMPT_SOURCE = "prompt_source"
    REFERENCE = "reference"
    SOURCE_OUTPUT = "source_output"
    SOURCE_LATENCY = "source_latency"
    SOURCE_INPUT_TOKENS = "source_input_tokens"
    SOURCE_OUTPUT_TOKENS = "source_output_tokens"
    JUDGE_SCORE = "judge_score"
    HUMAN_SCORE = "human_score"
    HUMAN_REASON = "human_reason"
    CLUSTER = "cluster"

    @property
    def meaning(self) -> str:
        return MEANINGS[self]


MEANINGS: Mapping[Field, str] = {
    Field.SAMPLE_ID: "the id of each sample",
    Field.QUESTION: "the input (the question) of each sample",
    Field.CONTEXT: "the context given with the input",
    Field.PROMPT_SOURCE: "the prompt of the source model",
    Field.REFERENCE: "the reference (the ideal answer)",
    Field.SOURCE_OUTPUT: "what the source model answered",
    Field.SOURCE_LATENCY: "the source model's latency",
    Field.SOURCE_INPUT_TOKENS: "the source model's input tokens",
    Field.SOURCE_OUTPUT_TOKENS: "the source model's output tokens",
    Field.JUDGE_SCORE: "a judge's score of the source's answer",
    Field.HUMAN_SCORE: "a person's score of the source's answer",
    Field.HUMAN_REASON: "a person's reason for their score",
    Field.CLUSTER: "what groups related samples (a document, a customer)",
}

# The first name of each list is the specification's; `prompt` and `answer` are missing on purpose: they are ambiguous.
FIELDS: Mapping[Field, tuple[str, ...]] = {
    Field.SAMPLE_ID: ("sample_id", "id", "sampleid", "uuid", "record_id", "question_id", "custom_id", "idx"),
    Field.QUESTION: (
        "question", "query", "user_input", "user_query", "user_question", "input", "input_text", "message", "user_message",
        "utterance", "instruction", "request", "text", "document", "article", "transcript",
    ),
    Field.CONTEXT: ("context", "content", "contexts", "retrieved_contexts", "retrieved_context", "passage", "passages"),
    Field.PROMPT_SOURCE: ("prompt_source_llm", "source_prompt", "prompt_source", "prompt_template", "system_prompt"),
    Field.REFERENCE: (
        "answer_ground_truth", "ground_truth", "reference", "reference_answer", "expected_output", "expected_answer", "expected",
        "expected_response", "ideal", "ideal_answer", "gold", "golden_answer", "correct_answer", "target", "label", "category",
        "intent", "class", "summary", "reference_summary",
    ),
    Field.SOURCE_OUTPUT: (
        "answer_source_llm", "source_output", "source_answer", "source_response", "model_output", "model_response", "output",
        "completion", "response", "generated_answer", "prediction",
    ),
    Field.SOURCE_LATENCY: (
        "latency_source_llm", "source_latency", "latency", "latency_s", "latency_ms", "latency_seconds", "duration",
        "duration_ms", "response_time", "response_time_ms", "elapsed_ms",
    ),
    Field.SOURCE_INPUT_TOKENS: ("input_token_source_llm", "input_tokens", "prompt_tokens", "tokens_in", "input_token_count"),
    Field.SOURCE_OUTPUT_TOKENS: (
        "output_token_source_llm", "output_tokens", "completion_tokens", "tokens_out", "output_token_count",
    ),
    Field.JUDGE_SCORE: ("llm_judge_score_source_llm", "judge_score", "llm_judge_score", "llm_score"),
    Field.HUMAN_SCORE: ("human_score_source_llm", "human_score", "sme_score", "rating", "thumbs", "human_rating"),
    Field.HUMAN_REASON: ("human_score_reasoning_source_llm", "human_score_reasoning", "human_reason", "sme_comment"),
    Field.CLUSTER: ("cluster", "cluster_id", "group_id", "document_id", "doc_id", "customer_id", "conversation_id", "thread_id"),
}  # fmt: skip
KNOWN = frozenset({"prompt", "answer", *(name for names in FIELDS.values() for name in names)})


def plain(column: str) -> str:
    """A name without case, spaces and punctuation: "Ground Truth", "ground-truth" and "groundTruth" all give ground_truth."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)
    return re.sub(r"[\W_]+", "_", split.casefold()).strip("_")


def similar(column: str, missing: Iterable[Field]) -> Iterator[tuple[float, Field]]:
    """(likeness 85 to 100, field) for every missing field with a name like this column's."""
    from rapidfuzz.fuzz import ratio

    name = plain(column)
    for field in missing:
        best = max(ratio(name, known) for known in FIELDS[field])
        if best >= ALIKE:
            yield best, field
