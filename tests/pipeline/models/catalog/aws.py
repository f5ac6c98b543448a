"""What AWS lists of its models, as its API writes it (ListFoundationModels, GetFoundationModel, ListInferenceProfiles)."""

import json
from typing import Any

from tests.pipeline.models.peer import Said

NOVA, HAIKU, NEW = "amazon.nova-lite-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0", "somebody.new-model-v1:0"
DATE = {"Date": "Tue, 01 Dec 2026 08:00:00 GMT"}
END = 1811808000.0  # 2027-06-01T00:00:00Z


def summary(model: str, **changes: Any) -> dict[str, Any]:
    return {
        "modelArn": f"arn:aws:bedrock:eu-west-1::foundation-model/{model}",
        "modelId": model,
        "modelName": "A model",
        "providerName": "Somebody",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE", "startOfLifeTime": 1700000000.0},
        **changes,
    }


def profile(name: str, *regions: str, model: str = HAIKU) -> dict[str, Any]:
    return {
        "inferenceProfileName": "A profile",
        "inferenceProfileArn": f"arn:aws:bedrock:eu-west-1:1:inference-profile/{name}",
        "inferenceProfileId": name,
        "models": [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model}"} for region in regions],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def said(**body: Any) -> Said:
    return Said(headers=DATE, parts=[json.dumps(body).encode()])


MODELS = said(
    modelSummaries=[
        summary(NOVA, modelLifecycle={"status": "LEGACY", "endOfLifeTime": END}),
        summary(HAIKU, inferenceTypesSupported=["INFERENCE_PROFILE"], inputModalities=["TEXT", "SPEECH"]),
        summary(NEW, inputModalities=["TEXT"], modelLifecycle={"status": "ACTIVE"}),
    ]
)
PAGE_1 = said(inferenceProfileSummaries=[profile(f"eu.{HAIKU}", "eu-west-1", "eu-north-1")], nextToken="p2")
PAGE_2 = said(
    inferenceProfileSummaries=[profile(f"global.{HAIKU}", ""), profile("eu.cohere.embed", "eu-west-1", model="cohere.embed")]
)
LISTED = {"": [MODELS, PAGE_1, PAGE_2]}
