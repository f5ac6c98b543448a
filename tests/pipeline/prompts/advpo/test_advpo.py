"""AdvPO on the wire: upload, create, look, fetch; asked twice is one job; every fault is a sentence; the guards have the word."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.aws.jobs import State
from pipeline.aws.s3 import Bucket
from pipeline.errors import FerryError, InputError, PermanentError, TemporaryError
from pipeline.prompts.advpo import Advpo, asked, candidate
from pipeline.prompts.advpo.asked import MOST_SAMPLES
from pipeline.prompts.importers import Source, imported
from pipeline.prompts.methods import candidates
from pipeline.prompts.methods.advpo import AdvancedOptimization
from pipeline.prompts.port import Ask
from pipeline.prompts.template import parse_prompt
from pipeline.records import Parameters, Step, Turn
from tests.pipeline.aws.wire import BUCKET, Fault
from tests.pipeline.prompts.advpo.peer import Peer, better, malformed, peer
from tests.pipeline.prompts.asks import BASE, NOVA, ask, dev
from tests.pipeline.prompts.shared import ADVPO, needs_advpo

PROMPT = 'Classify as refund or delivery, as {"intent": "..."}.\n\n<freeze>Never guess.</freeze> Message: {question}\nIntent:'


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def question(**changes: Any) -> Ask:
    return replace(ask(parse_prompt(PROMPT, "Sort messages."), NOVA), **changes)


def service(at: Peer, bucket: str = f"s3://{BUCKET}/x") -> Advpo:
    return Advpo(Bucket(bucket), at.settings)


async def nap(_seconds: float) -> None:
    return None


def method(at: Peer, said: list[str] | None = None, **changes: Any) -> AdvancedOptimization:
    heard = [] if said is None else said
    return AdvancedOptimization(**{"service": service(at), "sleep": nap, "said": heard.append, **changes})


async def test_from_a_prompt_to_a_candidate() -> None:
    said: list[str] = []
    async with peer() as at:
        (found,) = await candidates(question(), {"AdvPO": method(at, said)})
        (job,) = at.jobs.values()
        line = at.line(job.request["jobName"])
    assert found.refusal is None
    assert found.prompt.method == "AdvPO"
    assert found.prompt.parent == question().prompt.hash
    assert (found.prompt.system, found.prompt.syntax) == ("", question().prompt.syntax)
    assert found.prompt.user.startswith("Work with care.\nSort messages.\n\n")
    assert '{"intent": "..."}' in found.prompt.user
    assert "<freeze>Never guess.</freeze> Message: {question}" in found.prompt.user
    assert found.prompt.edits[-1].rule == "advpo"
    assert not found.prompt.edits[-1].lossless
    assert "<advpo:exclude>Never guess.</advpo:exclude> Message: {{question}}" in line["promptTemplate"]
    assert job.request["modelConfigurations"][0]["modelId"] == "amazon.nova-lite-v1:0"
    assert job.request["modelConfigurations"][0]["inferenceConfig"]["maxTokens"] == found.prompt.parameters.max_tokens
    assert "roleArn" not in job.request
    assert any("Next look" in sentence for sentence in said)


async def test_dev_alone_is_sent_at_most_a_hundred_in_an_order_that_mixes_labels() -> None:
    many = dev(40)
    asked_for = asked(question(dev=many, held_out=dev()))
    line = json.loads(asked_for.body)
    assert list(malformed(line)) == []
    assert len(line["evaluationSamples"]) == MOST_SAMPLES
    assert asked(question(dev=many[::-1])).name == asked_for.name
    references = [sample["referenceResponse"] for sample in line["evaluationSamples"]]
    assert 30 < references.count("refund") < 70


def test_own_criteria_steer_and_another_attempt_is_another_job() -> None:
    steered = asked(question(constraints=tuple(f"Say {n}." for n in range(9))))
    assert json.loads(steered.body)["steeringCriteria"] == [f"Say {n}." for n in range(5)]
    names = {steered.name, asked(question()).name, asked(question(), 2).name, asked(question(target="bedrock:a.b-v1:0")).name}
    assert len(names) == 4
    warmer = replace(question().prompt, parameters=Parameters(temperature=0.5))
    assert asked(question(prompt=warmer)).name not in names


async def test_asked_twice_is_one_job() -> None:
    async with peer() as at:
        wanted = asked(question())
        assert await service(at).submit(wanted) == await service(at).submit(wanted)
        assert (len(at.jobs), at.asked["Create"]) == (1, 1)


async def test_a_job_whose_reply_was_lost_is_found_again_among_many() -> None:
    async with peer(faults={"Create": [Fault("InternalServerException", 500, lost=True)]}, page=1) as at:
        with pytest.raises(TemporaryError):
            await service(at).submit(asked(question()))
        await service(at).submit(asked(question(), 2))
        arn = await service(at).submit(asked(question()))
        assert arn == next(iter(at.jobs.values())).arn
        assert len(at.jobs) == 2


async def test_a_name_that_is_taken_while_it_is_asked_for_is_the_job() -> None:
    """Lists lag behind, and a token may be forgotten: then the name is taken."""
    async with peer(tokens=False, hidden=2) as at:
        arn = await service(at).submit(asked(question()))
        assert await service(at).submit(asked(question())) == arn
        assert (len(at.jobs), at.asked["Create"]) == (1, 2)


@pytest.mark.parametrize(
    ("operation", "fault", "kind", "words"),
    [
        ("List", Fault("AccessDeniedException", 403), PermanentError, "CreateAdvancedPromptOptimizationJob"),
        ("Create", Fault("AccessDeniedException", 403, "not you"), PermanentError, "InvokeModelWithResponseStream"),
        ("Create", Fault("ThrottlingException", 429), TemporaryError, "busy"),
        ("Create", Fault("ServiceQuotaExceededException", 400), TemporaryError, "quota of AdvPO jobs"),
        ("Create", Fault("ValidationException", 400, "unsupported model"), PermanentError, "offered in this region"),
        ("Create", Fault("ResourceNotFoundException", 404), PermanentError, "amazon.nova-lite-v1:0"),
        ("Create", Fault("InternalServerException", 500), TemporaryError, "not available"),
        ("PutObject", Fault("AccessDenied", 403, "no"), PermanentError, "s3:PutObject, GetObject and ListBucket on answers"),
        ("PutObject", Fault("SlowDown", 503), TemporaryError, "store the samples"),
        ("PutObject", Fault("PermanentRedirect", 301), PermanentError, "another region"),
        ("Get", Fault("ThrottlingException", 429), TemporaryError, "look at the optimisation"),
        ("Get", Fault("ResourceNotFoundException", 404), PermanentError, "look at the optimisation"),
        ("ListObjectsV2", Fault("AccessDenied", 403), PermanentError, "ListBucket"),
        ("GetObject", Fault("AccessDenied", 403), PermanentError, "fetch the results"),
    ],
)
async def test_what_goes_wrong_is_a_sentence(operation: str, fault: Fault, kind: type[FerryError], words: str) -> None:
    async with peer(faults={operation: [fault]}, life=["Completed"]) as at:
        with pytest.raises(kind, match=words):
            await whole(at)


async def whole(at: Peer) -> tuple[str, ...]:
    standing = await service(at).look(await service(at).submit(asked(question())))
    return await service(at).fetch(standing)


async def test_a_bucket_that_is_not_there_and_a_model_that_is_not_supported() -> None:
    async with peer(supported=set()) as at:
        with pytest.raises(PermanentError, match="The bucket nowhere is not there"):
            await service(at, "s3://nowhere/x").submit(asked(question()))
        with pytest.raises(PermanentError, match=r"not supported for this operation\. Check that AdvPO is offered"):
            await service(at).submit(asked(question()))


async def test_a_region_aws_did_not_name_is_asked_and_its_refusal_says_so() -> None:
    async with peer(supported=set()) as at:
        elsewhere = Advpo(Bucket(f"s3://{BUCKET}/x"), replace(at.settings, region="eu-west-3"))
        with pytest.raises(PermanentError, match="eu-west-3 was not among those AWS named in November 2026"):
            await elsewhere.submit(asked(question()))
        assert at.asked["Create"] == 1


async def test_throttling_is_waited_out() -> None:
    busy = Fault("ThrottlingException", 429)
    said: list[str] = []
    async with peer(faults={"Create": [busy], "Get": [busy], "GetObject": [busy]}) as at:
        (found,) = await method(at, said).propose(question())
        assert len(at.jobs) == 1
    assert found.user
    assert sum("tries again" in sentence for sentence in said) == 3


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Expired", "Deleting"])
async def test_a_job_that_ended_badly_says_why(status: str) -> None:
    async with peer(life=["Stopping", status], failure="The input\n cannot be read.") as at:
        with pytest.raises(PermanentError, match=f"ended as {status}: The input cannot be read"):
            await method(at).propose(question())


async def test_a_stopped_job_stays_stopped_and_is_asked_anew_by_attempt() -> None:
    async with peer(life=["InProgress"]) as at:
        arn = await service(at).submit(asked(question()))
        await service(at).stop(arn)
        assert (await service(at).look(arn)).state is State.UNDER_WAY
        assert (await service(at).look(arn)).state is State.FAILED
        assert await service(at).submit(asked(question())) == arn
        assert await service(at).submit(asked(question(), 2)) != arn
    async with peer(faults={"Stop": [Fault("ConflictException", 400)]}) as at:
        await service(at).stop(await service(at).submit(asked(question())))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"result": {"status": "FAILED", "failureReason": "no  improvement"}},
            r"gave no prompt for .*\(FAILED\): no improvement",
        ),
        ({"result": {"status": "SUCCESS", "optimizedPromptTemplate": None}}, "gave no prompt"),
        ({"result": {"modelId": "another.model-v1:0"}}, "hold no prompt for amazon.nova-lite-v1:0"),
        ({"rewrite": lambda lines: ["{broken", *lines[:0]]}, "1 lines could not be read"),
        ({"rewrite": lambda _: ["[1]", json.dumps({"promptTemplateId": "x"})]}, "hold no prompt"),
        ({"rewrite": lambda _: [json.dumps({"promptOptimizationResults": 3})]}, "hold no prompt"),
        ({"rewrite": lambda _: []}, "there are no results under s3://answers/x/advpo/results"),
    ],
)
async def test_results_that_do_not_do_are_a_sentence(given: dict[str, Any], words: str) -> None:
    async with peer(life=["PartiallyCompleted"], **given) as at:
        with pytest.raises(PermanentError, match=words):
            await method(at).propose(question())


async def test_a_job_that_completed_in_part_gives_what_it_has_whatever_stands_beside_it() -> None:
    async with peer(life=["PartiallyCompleted"], rewrite=lambda lines: ["{broken", *lines, ""]) as at:
        (found,) = await method(at).propose(question())
    assert found.user.startswith("Work with care.")


@pytest.mark.parametrize(
    ("rewritten", "words"),
    [
        (lambda line: "Sort the message.", "It lost {question}"),
        (lambda line: better(line).replace("Never guess.", "Guess."), "It changed a frozen span"),
        (lambda line: better(line) + " {{intent}}", "more often than the original"),
        (lambda line: better(line) + " {", "braces do not balance"),
        (lambda line: better(line) + " where is my parcel now", "repeats text of 1 dev samples"),
        (lambda line: better(line) + " Be kind." * 900, "the cap is 6,000"),
        (lambda line: better(line).replace("refund", "money"), "no longer names"),
    ],
)
async def test_the_guards_have_the_last_word(rewritten: Callable[[dict[str, Any]], object], words: str) -> None:
    async with peer(life=["Completed"], optimise=rewritten) as at:
        found = candidate(await whole(at), asked(question()), question())
    assert words in (found.refusal or "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": BASE}, "choose a bedrock: target"),
        ({"dev": ()}, "there are none on dev"),
        ({"prompt": parse_prompt("Say {größe} of {question}")}, 'variable name "größe"'),
        ({"prompt": parse_prompt(" ".join(f"{{v{n}}}" for n in range(21)))}, "at most 20 variables"),
        ({"prompt": parse_prompt("syntax: {$X}\nFill {{name}} of {$question}")}, "means as plain text"),
        ({"prompt": replace(parse_prompt("{question}"), turns=(Turn(role="user", text="Hi"),))}, "1 earlier messages"),
        ({"prompt": replace(parse_prompt("{question}"), user="Sort it.")}, "marks no variable"),
        ({"prompt": replace(parse_prompt("{question}"), prepare=(Step(name="trim"),))}, "input steps"),
        ({"dev": dev(), "prompt": parse_prompt("{question} {colour}")}, 'asks for the variable "colour"'),
    ],
)
def test_what_the_service_cannot_take_is_refused_before_anything_leaves(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=f"(?i){words}"):
        asked(question(**changes))


async def test_nobody_there_and_no_place() -> None:
    async with peer() as at:
        gone = service(at)
    with pytest.raises(TemporaryError, match="not reached"):
        await gone.submit(asked(question()))
    with pytest.raises(InputError, match="s3://bucket/prefix"):
        Bucket("answers/x")
    with pytest.raises(InputError, match="too long"):
        Bucket("s3://answers/" + "x" * 800)


async def test_a_killed_wait_goes_on_with_the_same_job() -> None:
    """Whatever is cut off at any step, the same question finds the same job."""
    steps: list[Callable[[Peer], Awaitable[object]]] = [
        lambda at: service(at).submit(asked(question())),
        whole,
        lambda at: method(at).propose(question()),
        lambda at: method(at).propose(question()),
    ]
    async with peer(life=["Completed"]) as at:
        for step in steps:
            await step(at)
        assert (len(at.jobs), at.asked["Create"], at.asked["PutObject"]) == (1, 1, 1)


@needs_advpo
def test_the_published_job_is_what_ferry_would_send() -> None:
    text = (ADVPO / "nestful_job_input.jsonl").read_text(encoding="utf-8")
    (given,) = imported(Source(text=text, name="job"))
    published = json.loads(text)
    line = json.loads(asked(Ask(prompt=given.prompt, target=NOVA, use_case=ask().use_case, dev=given.samples)).body)
    assert line["version"] == published["version"]
    assert line["promptTemplate"].startswith(published["promptTemplate"])  # what follows settles the form
    sent = {
        json.dumps({k: v for one in s["inputVariables"] for k, v in one.items()}, sort_keys=True)
        for s in line["evaluationSamples"]
    }
    assert sent == {json.dumps(s["inputVariables"][0], sort_keys=True) for s in published["evaluationSamples"]}


@needs_advpo
def test_published_results_are_read_and_refused_for_what_they_lost() -> None:
    """The run on NESTFUL: text of dev samples and braces without a partner."""
    text = (ADVPO / "nestful_results.jsonl").read_text(encoding="utf-8")
    original, better_one = imported(Source(text=text, name="results"))
    asking = Ask(prompt=original.prompt, target=f"bedrock:{better_one.model}", use_case=ask().use_case, dev=original.samples)
    wanted = asked(asking)
    line = json.loads(text) | {"promptTemplateId": wanted.name}
    found = candidate([json.dumps(line)], wanted, asking)
    assert found.prompt.user == better_one.prompt.user
    assert 'stray "{{"' in (found.refusal or "")
