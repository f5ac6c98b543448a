"""What goes wrong between Ferry, Bedrock Evaluations and S3, as one sentence with the way out; waiting helps for some of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import FerryError, PermanentError, TemporaryError
from pipeline.metrics.evaluations.place import Place
from pipeline.models.failures import SAID_LENGTH

WAIT = frozenset(
    {
        "ThrottlingException", "TooManyRequestsException", "SlowDown", "ServiceQuotaExceededException", "InternalServerException",
        "InternalError", "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
    }
)  # fmt: skip
DENIED = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken",
        "ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId",
    }
)  # fmt: skip
NO_BUCKET = frozenset({"NoSuchBucket", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
OFFLINE = frozenset({"HTTPClientError", "ConnectionError"})


@contextmanager
def told(doing: str, place: Place) -> Iterator[None]:
    """What boto3 raises while `doing` becomes a TemporaryError or a PermanentError that says so."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        said, status = error.response.get("Error", {}), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise _of_code(doing, place, str(said.get("Code", "")), str(said.get("Message", "")), int(status)) from error
    except HTTPError as error:
        raise TemporaryError(f"Could not {doing}: the connection broke off. Ferry tries again.") from error
    except BotoCoreError as error:
        raise _of_client(doing, error) from error


def _of_code(doing: str, place: Place, code: str, message: str, status: int) -> FerryError:
    start = f"Could not {doing}{_quote(message)}"
    if code == "ServiceQuotaExceededException":
        return TemporaryError(
            f"{start}. The account's quota of evaluation jobs is used up; Ferry tries again. To have more at once, ask AWS for a "
            "higher quota."
        )
    if code in WAIT or status >= 500 or status == 429:
        return TemporaryError(f"{start}. The service was busy or not available; Ferry tries again.")
    if code in NO_BUCKET:
        return PermanentError(
            f"{start}. The bucket {place.name} is not there, or is in another region: create it, or name another one "
            "(FERRY_EVALUATION_BUCKET, --bucket)."
        )
    if code in DENIED or status in {401, 403}:
        return PermanentError(
            f"{start}. Ferry's credentials need bedrock:CreateEvaluationJob, GetEvaluationJob and ListEvaluationJobs, "
            f"iam:PassRole on {place.role}, and s3:PutObject, GetObject and ListBucket on {place.name}."
        )
    return PermanentError(
        f"{start}. Check that the role {place.role} (FERRY_EVALUATION_ROLE, --role) exists and trusts bedrock.amazonaws.com, and "
        f"that {place.judge} (FERRY_EVALUATION_JUDGE, --judge) can be an evaluator model in this region."
    )


def _of_client(doing: str, error: Exception) -> FerryError:
    """botocore's errors that carry no code."""
    names = {cls.__name__ for cls in type(error).__mro__}
    if names & OFFLINE:
        return TemporaryError(f"Could not {doing}: AWS was not reached. Ferry tries again.")
    said = _quote(str(error))
    return PermanentError(f"Could not {doing}{said}. Give Ferry AWS credentials and a region (AWS_REGION or AWS_PROFILE).")


def _quote(message: str) -> str:
    words = " ".join(message.split())[:SAID_LENGTH].rstrip(".")
    return f": {words}" if words else ""
