"""What AWS lists, read over real connections: lifecycles, profiles, regions; a refusal has its sentence."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from pipeline.errors import RefusedError
from pipeline.models.catalog import Catalog, Constraints, reasons
from pipeline.models.catalog.live import Live, read_live, read_model
from pipeline.models.providers.bedrock import make_client
from tests.pipeline.models.ask import settings
from tests.pipeline.models.catalog.aws import DATE, HAIKU, LISTED, MODELS, NEW, NOVA, said, summary
from tests.pipeline.models.peer import Said, bedrock, error


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


async def live(replies: Mapping[str, Sequence[Said]] = LISTED) -> tuple[Live, list[str]]:
    async with bedrock(replies) as peer:
        found = await asyncio.to_thread(read_live, settings(region="eu-west-1", endpoint_url=peer.url, timeout_s=5.0))
        return found, [operation for _, operation, _ in peer.asked]


async def test_models_and_all_pages_of_profiles_are_read() -> None:
    found, asked = await live()
    assert (found.region, found.date) == ("eu-west-1", "2026-12-01")
    assert set(found.models) == {NOVA, HAIKU, NEW, f"eu.{HAIKU}", f"global.{HAIKU}"}
    assert [each.partition("?")[0] for each in asked] == ["foundation-models", "inference-profiles", "inference-profiles"]
    assert "byOutputModality=TEXT" in asked[0]
    assert "nextToken=p2" in asked[2]
    nova, profile = found.models[NOVA], found.models[f"eu.{HAIKU}"]
    assert (nova.legacy, nova.listed.retires, nova.on_demand, nova.listed.takes) == (True, "2027-06-01", True, {"image": True})
    assert (profile.listed.regions, profile.on_demand) == (("eu-north-1", "eu-west-1"), None)
    assert found.profiles(HAIKU) == ("eu", "global")


async def test_the_catalogue_believes_aws_before_the_snapshot() -> None:
    found, _ = await live()
    catalog = Catalog(live=found)
    every = {facts.name: facts for facts in catalog.all() if facts.provider == "bedrock"}
    assert [reason.kind for reason in reasons(every[HAIKU], Constraints())] == ["only through an inference profile"]
    assert every[HAIKU].takes["image"] is False
    assert list(reasons(every[f"eu.{HAIKU}"], Constraints(where="eu-north-1"))) == []
    assert [reason.kind for reason in reasons(every["eu.amazon.nova-lite-v1:0"], Constraints())] == ["not offered there"]
    assert (every[NEW].context, every[NEW].price, every[NEW].family) == (None, None, "somebody")
    assert str(every[NOVA].told["retires"]) == "AWS in eu-west-1, 2026-12-01"


async def test_one_model_is_asked_by_the_id_behind_its_profile() -> None:
    replies = {"/foundation-models": [said(modelDetails=summary(NOVA, modelLifecycle={"status": "LEGACY", "endOfLifeTime": 0}))]}
    async with bedrock(replies) as peer:
        found = await asyncio.to_thread(read_model, settings(endpoint_url=peer.url, timeout_s=5.0), f"eu.{NOVA}")
        model = found.models[f"eu.{NOVA}"]
        assert (model.legacy, model.listed.retires) == (True, "1970-01-01")
        assert peer.asked[0][1] == NOVA


async def test_what_stands_in_for_aws_answers_in_the_shapes_of_its_api() -> None:
    from botocore.validate import validate_parameters

    replies = {**LISTED, "/foundation-models": [said(modelDetails=summary(NOVA))]}
    async with bedrock(replies) as peer:
        client = make_client("bedrock", settings(region="eu-west-1", endpoint_url=peer.url))
        for operation, arguments in (
            ("ListFoundationModels", {}), ("ListInferenceProfiles", {}), ("GetFoundationModel", {"modelIdentifier": NOVA}),
        ):  # fmt: skip
            answer = await asyncio.to_thread(client._make_api_call, operation, arguments)
            answer.pop("ResponseMetadata")
            assert answer
            validate_parameters(answer, client.meta.service_model.operation_model(operation).output_shape)
        client.close()


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        (
            {"": [error(403, "AccessDeniedException", "User is not authorized to perform: bedrock:ListFoundationModels")]},
            "Listing needs bedrock:ListFoundationModels",
        ),
        ({"": [error(429, "ThrottlingException", "Rate exceeded")]}, "quota"),
        (
            {"": [MODELS, error(403, "AccessDeniedException", "not authorized to perform: bedrock:ListInferenceProfiles")]},
            "Profiles",
        ),
        ({"": [Said(end="reset")]}, "network"),
    ],
)
async def test_a_refusal_is_one_sentence(replies: Mapping[str, Sequence[Said]], words: str) -> None:
    with pytest.raises(RefusedError, match=words) as told:
        await live(replies)
    assert told.value.message.startswith("AWS did not list its models: ")


async def test_what_aws_leaves_out_stays_unknown() -> None:
    bare = {"modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/a.b", "modelId": "a.b"}
    found, _ = await live({"": [Said(headers=DATE, parts=said(modelSummaries=[bare]).parts), said(inferenceProfileSummaries=[])]})
    model = found.models["a.b"]
    assert (model.legacy, model.on_demand, model.listed.retires, model.listed.takes) == (None, None, None, {})
    undated = Said(parts=said(modelSummaries=[bare]).parts)
    assert (await live({"": [undated, said(inferenceProfileSummaries=[])]}))[0].date == ""
