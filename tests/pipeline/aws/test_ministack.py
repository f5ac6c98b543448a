"""S3, prompt management and OptimizePrompt against a peer that nobody of ours wrote.

What it lacks is played by our own: AdvPO's jobs, a list of a prompt's versions, request tokens, and refusals but those below.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline.aws.faults import WaysOut, told
from pipeline.aws.s3 import Bucket, Files
from pipeline.errors import InputError, PermanentError
from pipeline.models.providers.bedrock import make_client
from pipeline.models.settings import ModelSettings
from pipeline.prompts.managed.service import Managed, Publication
from pipeline.prompts.methods.bedrock_optimize import SERVICE, BedrockOptimize
from pipeline.prompts.template import parse_prompt
from tests.pipeline.aws.ministack import ministack, needs_ministack
from tests.pipeline.prompts.asks import NOVA, ask
from tests.pipeline.prompts.managed.test_form import FULL

pytestmark = [needs_ministack, pytest.mark.xdist_group("ministack")]
WAYS = WaysOut(quota="q", access="a", refused="r", bucket="Create it.")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelSettings]:
    with pytest.MonkeyPatch.context() as patch, ministack(tmp_path_factory.mktemp("ministack")) as reached:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield reached


def test_files_are_put_listed_and_read(settings: ModelSettings) -> None:
    make_client("s3", settings).create_bucket(Bucket="answers")
    bucket, files = Bucket("s3://answers/ferry/use"), Files(settings)
    files.put(bucket, "b ä\nc\n".encode(), "results", "job-1", "2.jsonl")
    files.put(bucket, b"a\n", "results", "job-1", "1.jsonl")
    files.put(bucket, b"other", "results", "job-10", "1.jsonl")
    files.put(bucket, b"not it", "results", "job-1", "note.txt")
    assert list(files.lines(bucket.uri("results", "job-1") + "/", ".jsonl")) == ["a", "", "b ä", "c", ""]
    assert list(files.lines(bucket.uri("results", "job-2"), ".jsonl")) == []


def test_a_bucket_that_is_not_there_is_a_sentence(settings: ModelSettings) -> None:
    with pytest.raises(PermanentError, match="Create it"), told("store it", WAYS):
        Files(settings).put(Bucket("s3://nowhere/x"), b"", "a")
    with pytest.raises(PermanentError, match="Create it"), told("read it", WAYS):
        list(Files(settings).lines("s3://nowhere/x", ".jsonl"))


async def test_a_published_prompt_comes_back_with_its_hash(settings: ModelSettings) -> None:
    service = Managed(settings)
    first = await service.publish(Publication(name="support", prompt=FULL, model="amazon.nova-lite-v1:0", tags={"a": "b"}))
    second = await service.publish(Publication(name="support", prompt=parse_prompt("Sort {question}")))
    assert (first.version, second.version, first.hash) == ("1", "2", FULL.hash)
    assert (await service.fetch(first.arn))[0].prompt == FULL
    assert (await service.fetch("support"))[0].prompt == parse_prompt("Sort {question}")
    assert (await service.roll_back("support", "1")).arn == first.arn
    assert (await service.fetch("support"))[0].prompt == FULL
    with pytest.raises(InputError, match="There is no"):
        await service.fetch("support:7")


async def test_a_prompt_is_rewritten(settings: ModelSettings, tmp_path: Path) -> None:
    method = BedrockOptimize(client=partial(make_client, SERVICE, settings))
    (found,) = await method.propose(ask("Classify the message of the customer as refund or delivery: {question}", NOVA))
    assert "{question}" in found.user
    assert found.edits[-1].rule == "optimize-user"
