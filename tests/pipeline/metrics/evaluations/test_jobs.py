"""The whole way on the wire: upload, create, look, fetch; every fault is one sentence; asked twice is one job."""

import re
from collections.abc import Callable

import pytest

from pipeline.aws.jobs import State
from pipeline.errors import FerryError, InputError, PermanentError, TemporaryError
from pipeline.metrics.evaluations import EVALUATED, Asked, Bedrock, Line, Place, job_name, read_results
from tests.pipeline.aws.wire import BUCKET, Fault
from tests.pipeline.metrics.evaluations.peer import ROLE, Peer, peer

METRICS = (EVALUATED["bedrock_correctness"], EVALUATED["bedrock_harmfulness"])
PLACE = Place(role=ROLE, bucket=f"s3://{BUCKET}/ferry/use")
LINES = tuple(Line(sample_id=f"s{n}", prompt=f"Why {n}? \u00e4\n", response=f"So {n}.", reference="So.") for n in range(3))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def asked(part: int = 0, **changes: object) -> Asked:
    given = {"name": job_name("run", part), "lines": LINES, "metrics": METRICS, "model": "bedrock:eu.vendor.model-v1:0"}
    return Asked(**{**given, **changes})  # type: ignore[arg-type]


def service(at: Peer, place: Place = PLACE) -> Bedrock:
    return Bedrock(place, at.settings)


async def test_from_the_answers_to_their_scores() -> None:
    async with peer(judge=lambda record, metric: 0.25 if "1" in record["prompt"] else 1, page=1) as at:
        bedrock = service(at)
        arn = await bedrock.create(asked())
        first, second = await bedrock.look(arn), await bedrock.look(arn)
        assert (first.state, second.state) == (State.UNDER_WAY, State.DONE)
        scores = read_results(await bedrock.fetch(second), LINES, METRICS)
    assert [(s.sample_id, s.metric, s.value) for s in scores] == [
        ("s0", "bedrock_correctness", 1.0),
        ("s0", "bedrock_harmfulness", 0.0),
        ("s1", "bedrock_correctness", 0.25),
        ("s1", "bedrock_harmfulness", 0.75),
        ("s2", "bedrock_correctness", 1.0),
        ("s2", "bedrock_harmfulness", 0.0),
    ]
    sent = at.lines(asked().name)[1]
    assert sent["prompt"] == "Why 1? \u00e4\n"
    assert sent["referenceResponse"] == "So."
    assert sent["modelResponses"] == [{"response": "So 1.", "modelIdentifier": "bedrock-eu.vendor.model-v1-0"}]
    request = at.jobs[asked().name].request
    assert request["clientRequestToken"] == request["jobName"]
    assert request["evaluationConfig"]["automated"]["datasetMetricConfigs"][0]["metricNames"] == [m.builtin for m in METRICS]
    source = request["inferenceConfig"]["models"][0]["precomputedInferenceSource"]["inferenceSourceIdentifier"]
    assert source == sent["modelResponses"][0]["modelIdentifier"]


async def test_a_bucket_without_a_prefix_is_a_place_too() -> None:
    async with peer(life=["Completed"]) as at:
        bedrock = service(at, Place(role=ROLE, bucket=f"s3://{BUCKET}"))
        standing = await bedrock.look(await bedrock.create(asked()))
        assert len(await bedrock.fetch(standing)) == 8  # two files of three lines, each with the nothing after its last one


async def test_asked_twice_is_one_job() -> None:
    async with peer() as at:
        assert await service(at).create(asked()) == await service(at).create(asked())
        assert len(at.jobs) == 1


async def test_a_job_whose_reply_was_lost_is_found_again() -> None:
    """The ARN never came, and the judge's setting changed since: the name is taken, so the job of that name is the one."""
    async with peer(faults={"CreateEvaluationJob": [Fault("InternalServerException", 500, lost=True)]}) as at:
        with pytest.raises(TemporaryError):
            await service(at).create(asked())
        other = Place(role=ROLE, bucket=PLACE.bucket, judge="amazon.nova-micro-v1:0")
        arn = await service(at, other).create(asked())
        assert [job.arn for job in at.jobs.values()] == [arn]
        assert at.asked["ListEvaluationJobs"] == 1


async def test_a_job_of_a_longer_name_is_not_taken_for_it() -> None:
    async with peer() as at:
        await service(at).create(asked(1, name=job_name("run", 11)))
        at.faults["CreateEvaluationJob"] = [Fault("ConflictException", 400, "taken")]
        with pytest.raises(PermanentError, match="taken"):
            await service(at).create(asked(1))


@pytest.mark.parametrize(
    ("operation", "fault", "kind", "words"),
    [
        ("PutObject", Fault("NoSuchBucket", 404), PermanentError, "bucket answers is not there.*--bucket"),
        ("PutObject", Fault("AccessDenied", 403), PermanentError, "s3:PutObject.*answers"),
        ("PutObject", Fault("SlowDown", 503), TemporaryError, "tries again"),
        (
            "CreateEvaluationJob",
            Fault("AccessDeniedException", 403, "not authorized"),
            PermanentError,
            "not authorized.*PassRole",
        ),
        ("CreateEvaluationJob", Fault("ValidationException", 400, "role invalid"), PermanentError, "role invalid.*--role"),
        ("CreateEvaluationJob", Fault("ResourceNotFoundException", 404), PermanentError, "FERRY_EVALUATION_JUDGE"),
        ("CreateEvaluationJob", Fault("ServiceQuotaExceededException", 400), TemporaryError, "quota of evaluation jobs"),
        ("CreateEvaluationJob", Fault("ThrottlingException", 429), TemporaryError, "tries again"),
        ("CreateEvaluationJob", Fault("InternalServerException", 500), TemporaryError, "tries again"),
    ],
)
async def test_what_stops_a_job_is_one_sentence(operation: str, fault: Fault, kind: type[FerryError], words: str) -> None:
    async with peer(faults={operation: [fault]}) as at:
        with pytest.raises(kind) as error:
            await service(at).create(asked())
    assert re.search(words, error.value.message), error.value.message
    assert "So 1." not in error.value.message


async def test_a_job_nobody_knows_and_results_nobody_may_read() -> None:
    async with peer(life=["Completed"], faults={"GetObject": [Fault("AccessDenied", 403)]}) as at:
        bedrock = service(at)
        with pytest.raises(PermanentError, match="no such job"):
            await bedrock.look("arn:aws:bedrock:us-east-1:123456789012:evaluation-job/000000000009")
        standing = await bedrock.look(await bedrock.create(asked()))
        with pytest.raises(PermanentError, match="GetObject"):
            await bedrock.fetch(standing)


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Deleting"])
async def test_a_job_that_ended_badly_says_why(status: str) -> None:
    async with peer(life=["Stopping", status], failures=["The role\n cannot read the bucket."]) as at:
        bedrock = service(at)
        arn = await bedrock.create(asked())
        assert (await bedrock.look(arn)).state is State.UNDER_WAY
        standing = await bedrock.look(arn)
    assert standing.state is State.FAILED
    assert standing.problem == f"the job ended as {status}: The role cannot read the bucket."


async def test_nobody_there_and_nobody_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async with peer() as at:
        settings = at.settings
    with pytest.raises(TemporaryError, match="not reached"):
        await Bedrock(PLACE, settings).create(asked())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    async with peer() as at:
        with pytest.raises(PermanentError, match="credentials"):
            await service(at).create(asked())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Place(role="second-opinion", bucket="s3://b-u"), "ARN of a role"),
        (lambda: Place(role=ROLE, bucket="answers/ferry"), "s3://bucket/prefix"),
        (lambda: Place(role=ROLE, bucket="s3://answers/a b"), "s3://bucket/prefix"),
        (lambda: Place(role=ROLE, bucket="s3://answers", judge=" "), "evaluator model"),
    ],
)
def test_a_place_that_cannot_be_is_refused(make: Callable[[], Place], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_names_are_the_same_for_the_same_part_and_fit_the_service() -> None:
    names = {job_name({"run": "r1"}, part) for part in range(12)}
    assert job_name({"run": "r1"}, 3) in names
    assert len(names) == 12
    assert all(re.fullmatch("[a-z0-9](-*[a-z0-9]){0,62}", name) for name in names)
