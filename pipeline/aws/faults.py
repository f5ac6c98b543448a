"""What goes wrong between Ferry and AWS, as one sentence with the way out; waiting helps for some of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.errors import AccessError, FerryError, PermanentError, TemporaryError
from pipeline.models.failures import SAID_LENGTH

WAIT = frozenset(
    {
        "ThrottlingException", "TooManyRequestsException", "SlowDown", "InternalServerException", "InternalError",
        "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
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
QUOTA = "ServiceQuotaExceededException"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysOut:
    """The sentences of one service: what to do when the quota is used up, the credentials do not do, or a request is refused.

    `bucket` is for a bucket that is not there. `quota_passes`: jobs end and free their quota, stored things do not.
    """

    quota: str
    access: str
    refused: str
    bucket: str = "Name a bucket that is there."
    quota_passes: bool = True


@contextmanager
def told(doing: str, ways: WaysOut) -> Iterator[None]:
    """What boto3 raises while `doing` becomes a TemporaryError, an AccessError or another PermanentError that says so."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        said, status = error.response.get("Error", {}), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise _of_code(doing, ways, str(said.get("Code", "")), str(said.get("Message", "")), int(status)) from error
    except HTTPError as error:
        raise TemporaryError(f"Could not {doing}: the connection broke off. Ferry tries again.") from error
    except BotoCoreError as error:
        raise _of_client(doing, error) from error


def _of_code(doing: str, ways: WaysOut, code: str, message: str, status: int) -> FerryError:
    start = f"Could not {doing}{_quote(message)}"
    if code == QUOTA:
        return (TemporaryError if ways.quota_passes else PermanentError)(f"{start}. {ways.quota}")
    if code in WAIT or status >= 500 or status == 429:
        return TemporaryError(f"{start}. The service was busy or not available; Ferry tries again.")
    if code in NO_BUCKET:
        return PermanentError(f"{start}. {ways.bucket}")
    if code in DENIED or status in {401, 403}:
        return AccessError(f"{start}. {ways.access}")
    return PermanentError(f"{start}. {ways.refused}")


def _of_client(doing: str, error: Exception) -> FerryError:
    """botocore's errors that carry no code."""
    names = {cls.__name__ for cls in type(error).__mro__}
    if names & OFFLINE:
        return TemporaryError(f"Could not {doing}: AWS was not reached. Ferry tries again.")
    said = _quote(str(error))
    return AccessError(f"Could not {doing}{said}. Give Ferry AWS credentials and a region (AWS_REGION or AWS_PROFILE).")


def _quote(message: str) -> str:
    words = " ".join(message.split())[:SAID_LENGTH].rstrip(".")
    return f": {words}" if words else ""
