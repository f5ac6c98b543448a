"""The providers Ferry has: one file in providers/ and one line here each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.models.providers import bedrock, local, openai, recorded, scripted
from pipeline.models.settings import DEFAULTS, ModelSettings
from pipeline.records import Model, Sample

Opener = Callable[[str, Iterable[Sample], ModelSettings], Model]


@dataclass(frozen=True, slots=True)
class Provider:
    """How to open a model of a provider by its name, what its names look like, and the licence notice a name carries."""

    open: Opener
    names: str
    notice: Callable[[str], str | None] = lambda _name: None


PROVIDERS: Mapping[str, Provider] = {
    "recorded": Provider(recorded.open_recorded, "recorded:<name of the source>"),
    "local": Provider(local.open_local, "local:gemma3-270m or local:/path/to/model.gguf", local.notice),
    "bedrock": Provider(bedrock.open_bedrock, "bedrock:<model id, inference profile id or ARN>"),
    "openai": Provider(openai.open_openai, "openai:<model> or openai:<model>@https://host/v1"),
    "scripted": Provider(scripted.open_scripted, "scripted:/path/to/script.json"),
}


def open_model(ref: str, *, samples: Iterable[Sample] = (), settings: ModelSettings = DEFAULTS) -> Model:
    """The model `ref` names; `samples` are where recorded outputs come from. Opening calls nobody and loads nothing big.

    Raises InputError for a provider or model that does not exist, naming what does.
    """
    provider, name = _split(ref)
    return provider.open(name, samples, settings)


def notice(ref: str) -> str | None:
    """The licence notice that must be shown before the model of `ref` is used, or None."""
    provider, name = _split(ref)
    return provider.notice(name)


def _split(ref: str) -> tuple[Provider, str]:
    prefix, _, name = ref.partition(":")
    provider = PROVIDERS.get(prefix.strip().lower())
    if provider is None or not name.strip():
        known = "; ".join(p.names for p in PROVIDERS.values())
        raise InputError(f'"{ref}" does not name a model Ferry can call. Write provider:name, which is one of: {known}.')
    return provider, name.strip()
