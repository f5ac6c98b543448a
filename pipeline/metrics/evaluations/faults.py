"""What goes wrong between Ferry, Bedrock Evaluations and S3, as one sentence with the way out."""

from contextlib import AbstractContextManager

from pipeline.aws import faults
from pipeline.aws.faults import WaysOut
from pipeline.metrics.evaluations.place import Place


def told(doing: str, place: Place) -> AbstractContextManager[None]:
    """What boto3 raises while `doing` becomes a TemporaryError or a PermanentError that says so."""
    ways = WaysOut(
        quota="The account's quota of evaluation jobs is used up; Ferry tries again. To have more at once, ask AWS for a "
        "higher quota.",
        access="Ferry's credentials need bedrock:CreateEvaluationJob, GetEvaluationJob and ListEvaluationJobs, "
        f"iam:PassRole on {place.role}, and s3:PutObject, GetObject and ListBucket on {place.name}.",
        refused=f"Check that the role {place.role} (FERRY_EVALUATION_ROLE, --role) exists and trusts bedrock.amazonaws.com, and "
        f"that {place.judge} (FERRY_EVALUATION_JUDGE, --judge) can be an evaluator model in this region.",
        bucket=f"The bucket {place.name} is not there, or is in another region: create it, or name another one "
        "(FERRY_EVALUATION_BUCKET, --bucket).",
    )
    return faults.told(doing, ways)
