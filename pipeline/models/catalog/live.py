"""What AWS says of its models in one region today: ListFoundationModels and ListInferenceProfiles, both free.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html, API_GetFoundationModel.html and
API_ListInferenceProfiles.html. Values of enumerations are read leniently: AWS adds new ones. There is no price and no context
window in these answers, so those stay with the other layers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pipeline.errors import RefusedError
from pipeline.models.catalog.names import base, geography
from pipeline.models.catalog.snapshot import Listed
from pipeline.models.providers.bedrock import make_client, or_failure
from pipeline.models.settings import ModelSettings
from pipeline.records import Failure

T = TypeVar("T")
PAGE = 1000
RIGHTS = (
    "Listing needs bedrock:ListFoundationModels, ListInferenceProfiles and GetFoundationModel; without --live none is needed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModel:
    """A model or inference profile as AWS lists it; None where AWS does not say."""

    listed: Listed
    on_demand: bool | None = None
    legacy: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The text models and inference profiles of `region` on `date`, by id in small letters."""

    region: str
    date: str
    models: Mapping[str, LiveModel] = field(default_factory=dict)

    def profiles(self, model: str) -> tuple[str, ...]:
        """The geographies of the inference profiles of a model id."""
        return tuple(sorted(found for name in self.models if base(name) == model and (found := geography(name))))


def read_live(settings: ModelSettings) -> Live:
    """Asks AWS. Raises RefusedError with the way out when AWS does not answer. Its date is that of AWS's answer."""
    client = _asked(lambda: make_client("bedrock", settings), settings)
    try:
        answer = _asked(lambda: client.list_foundation_models(byOutputModality="TEXT"), settings)
        profiles = _asked(lambda: list(_profiles(client)), settings)
        region = str(client.meta.region_name)
    finally:
        client.close()
    models = {str(each["modelId"]).lower(): _model(each, region) for each in answer["modelSummaries"]}
    return Live(region=region, date=_day(answer), models={**models, **dict(_behind(profiles, models))})


def read_model(settings: ModelSettings, name: str) -> Live:
    """What AWS says of one model id, or of the model behind an inference profile, listed under `name` in small letters.

    Raises RefusedError with the way out, also for a model AWS does not know.
    """
    client = _asked(lambda: make_client("bedrock", settings), settings)
    try:
        answer = _asked(lambda: client.get_foundation_model(modelIdentifier=base(name)), settings)
        region = str(client.meta.region_name)
        return Live(region=region, date=_day(answer), models={name.lower(): _model(answer["modelDetails"], region)})
    finally:
        client.close()


def _day(answer: Mapping[str, Any]) -> str:
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(said).date().isoformat() if said else ""


def _asked(call: Callable[[], T], settings: ModelSettings) -> T:
    answer = or_failure(call, settings)
    if isinstance(answer, Failure):
        needs = f" {RIGHTS}" if answer.kind == "access" else ""
        raise RefusedError(f"AWS did not list its models: {answer.message}{needs}")
    return answer


def _profiles(client: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  boto3 builds its clients at run time
    pages = client.get_paginator("list_inference_profiles").paginate(typeEquals="SYSTEM_DEFINED", maxResults=PAGE)
    for page in pages:
        yield from page["inferenceProfileSummaries"]


def _model(said: Mapping[str, Any], region: str) -> LiveModel:
    life = said.get("modelLifecycle") or {}
    ends, inputs, types = life.get("endOfLifeTime"), said.get("inputModalities"), said.get("inferenceTypesSupported")
    listed = Listed(
        takes={"image": "IMAGE" in inputs} if inputs else {},
        retires=ends.date().isoformat() if ends else None,
        regions=(region,),
    )
    status = life.get("status")
    return LiveModel(
        listed=listed, on_demand="ON_DEMAND" in types if types else None, legacy=status == "LEGACY" if status else None
    )


def _behind(profiles: list[Mapping[str, Any]], models: Mapping[str, LiveModel]) -> Iterator[tuple[str, LiveModel]]:
    """Each profile of a text model, with the lifecycle of the model behind it and the regions its requests may go to."""
    for profile in profiles:
        arns = [str(each.get("modelArn", "")) for each in profile["models"]]
        behind = next((models[name] for arn in arns if (name := arn.rpartition("/")[2].lower()) in models), None)
        if behind:
            regions = tuple(sorted({region for arn in arns if (region := arn.split(":")[3])}))
            listed = replace(behind.listed, regions=regions)
            yield str(profile["inferenceProfileId"]).lower(), replace(behind, listed=listed, on_demand=None)
