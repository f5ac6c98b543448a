"""Inference parameters as Bedrock's configurations name them."""

from typing import Any

from pipeline.records import Parameters


def inference_configuration(parameters: Parameters) -> dict[str, Any]:
    """`inferenceConfig` of Converse and AdvPO, `inferenceConfiguration` of prompt management; what is not set is left out."""
    given = {
        "maxTokens": parameters.max_tokens,
        "temperature": parameters.temperature,
        "topP": parameters.top_p,
        "stopSequences": list(parameters.stop) or None,
    }
    return {key: value for key, value in given.items() if value is not None}
