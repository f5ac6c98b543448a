"""Models behind one port: open one by its reference, ask what family it is of, script one for tests."""

from pipeline.models.families import family
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.models.registry import notice, open_model
from pipeline.models.settings import ModelSettings

__all__ = ["ModelSettings", "ScriptedModel", "family", "notice", "open_model"]
