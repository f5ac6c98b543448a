"""Run by `make fresh` with the Python of an empty environment: everything imports, and every library metric gives its score.

`pip check` finds nothing wrong in an environment where Ragas cannot be imported, so only importing tells. It runs outside the
repository and reads one file of it by path: what is imported is what was installed.
"""

import asyncio
import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGES = ("pipeline", "db", "agent", "bot")
LIBRARIES = ("ragas", "deepeval")
SCRIPTED = Path(__file__).parents[1] / "pipeline" / "metrics" / "judged" / "scripted.py"


def imported() -> int:
    """Every module of the project but the migrations, which only Alembic can run."""
    number = 0
    for name in PACKAGES:
        root = importlib.import_module(name)
        if sys.prefix not in str(root.__file__):
            raise SystemExit(f"{name} was not taken from the fresh environment but from {root.__file__}.")
        for found in pkgutil.walk_packages(root.__path__, f"{name}."):
            if "versions" not in found.name:
                importlib.import_module(found.name)
                number += 1
    return number


def scripted_judge() -> ModuleType:
    """The tests' judge, from its file."""
    spec = importlib.util.spec_from_file_location("scripted", SCRIPTED)
    if spec is None or spec.loader is None:
        raise SystemExit(f"There is no scripted judge at {SCRIPTED}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["scripted"] = module
    spec.loader.exec_module(module)
    return module


async def scored() -> list[Any]:
    """A score of every metric that Ragas or DeepEval brings."""
    from pipeline.metrics.registry import JUDGED

    judge = scripted_judge()
    output = judge.said("Revenue in 2024 was 12 million. I think this is a good year.")
    metrics = [metric for metric in JUDGED.values() if metric.library.startswith(LIBRARIES)]
    return [await metric.score(judge.SAMPLE, output, judge.bench()) for metric in metrics]


def main() -> int:
    """0 when all is well, else 1 with what is not."""
    modules, scores = imported(), asyncio.run(scored())
    wrong = [f"{score.metric}: {score.unscored}" for score in scores if score.value is None]
    wrong += [f"{name} was not loaded" for name in LIBRARIES if name not in sys.modules]
    for line in wrong or [f"{modules} modules imported, {len(scores)} library metrics scored: fresh is fine."]:
        sys.stdout.write(f"{line}\n")
    return 1 if wrong or not scores else 0


if __name__ == "__main__":
    sys.exit(main())
