"""The bucket's settings against what a bucket of states needs."""

from collections.abc import Iterator

from holdfast.operations.bootstrap.desired import MARK
from holdfast.operations.doctor.asking import Answer, ask
from holdfast.operations.doctor.commands import choice
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

VERSIONING = Check(
    "HF001",
    Severity.ERROR,
    "The bucket keeps no versions",
    "A state that is overwritten or deleted by mistake cannot be brought back.",
    "Switch versioning on.",
)
ENCRYPTION = Check(
    "HF002",
    Severity.WARNING,
    "The bucket has no default encryption",
    "States hold secrets in clear text; a writer that asks for no encryption gets none.",
    "Set SSE-KMS or SSE-S3 as the default.",
)
PUBLIC_ACCESS = Check(
    "HF003",
    Severity.ERROR,
    "Public access is not blocked",
    "One wrong policy or ACL makes every state readable by everybody.",
    "Switch all four settings of the public access block on.",
)
OWNERSHIP = Check(
    "HF010",
    Severity.NOTE,
    "Access control lists are in use",
    "An object can then be shared past the bucket policy, or belong to another account.",
    "Set object ownership to BucketOwnerEnforced.",
)
LOGGING = Check(
    "HF011",
    Severity.NOTE,
    "Access is not logged",
    "Afterwards nobody can say who read or changed a state.",
    "Switch server access logging or CloudTrail data events on.",
)
CHECKS = (
    VERSIONING,
    ENCRYPTION,
    PUBLIC_ACCESS,
    OWNERSHIP,
    LOGGING,
)

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def examine(survey: Survey) -> Iterator[Result]:
    """Ask for the bucket's settings."""
    yield from _versioning(survey)
    yield from _encryption(survey)
    yield from _public_access(survey)
    yield from _ownership(survey)
    yield from _logging(survey)


def _skip(survey: Survey, answer: Answer, *checks: Check) -> NotChecked:
    return NotChecked(checks, survey.bucket, answer.unknown)


def _versioning(survey: Survey) -> Iterator[Result]:
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask("s3:GetBucketVersioning", lambda: s3.get_bucket_versioning(Bucket=bucket))
    if not said.known:
        yield _skip(survey, said, VERSIONING)
    elif said.value.get("Status") != "Enabled":
        status = said.value.get("Status", "never enabled").lower()
        fix = survey.commands.on_bucket(
            "put-bucket-versioning", "--versioning-configuration", "Status=Enabled"
        )
        yield Finding(VERSIONING, bucket, f"Versioning is {status}", fix)


def _encryption(survey: Survey) -> Iterator[Result]:
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask(
        "s3:GetEncryptionConfiguration",
        lambda: s3.get_bucket_encryption(Bucket=bucket),
        {"ServerSideEncryptionConfigurationNotFoundError"},
    )
    if not said.known:
        yield _skip(survey, said, ENCRYPTION)
    elif said.value is None:
        rules = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
        fix = survey.commands.on_bucket(
            "put-bucket-encryption", "--server-side-encryption-configuration", rules
        )
        yield Finding(ENCRYPTION, bucket, "No default encryption is set", fix)


def _public_access(survey: Survey) -> Iterator[Result]:
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask(
        "s3:GetBucketPublicAccessBlock",
        lambda: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        {"NoSuchPublicAccessBlockConfiguration"},
    )
    if not said.known:
        yield _skip(survey, said, PUBLIC_ACCESS)
        return
    off = [name for name in _BLOCKS if not (said.value or {}).get(name)]
    if off:
        on = ",".join(f"{name}=true" for name in _BLOCKS)
        fix = survey.commands.on_bucket(
            "put-public-access-block", "--public-access-block-configuration", on
        )
        yield Finding(PUBLIC_ACCESS, bucket, f"Off: {', '.join(off)}", fix)


def _ownership(survey: Survey) -> Iterator[Result]:
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask(
        "s3:GetBucketOwnershipControls",
        lambda: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"],
        {"OwnershipControlsNotFoundError"},
    )
    if not said.known:
        yield _skip(survey, said, OWNERSHIP)
        return
    owner = next((rule["ObjectOwnership"] for rule in said.value or []), "not set")
    if owner != "BucketOwnerEnforced":
        rules = "Rules=[{ObjectOwnership=BucketOwnerEnforced}]"
        fix = survey.commands.on_bucket(
            "put-bucket-ownership-controls", "--ownership-controls", rules
        )
        yield Finding(OWNERSHIP, bucket, f"Object ownership is {owner}", fix)


def _logging(survey: Survey) -> Iterator[Result]:
    """Ask for server access logging, which only AWS has.

    Whoever let `holdfast bootstrap` make the bucket decided about it, and is not reminded.
    """
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask("s3:GetBucketLogging", lambda: s3.get_bucket_logging(Bucket=bucket))
    if not said.known:
        yield _skip(survey, said, LOGGING)
    elif not said.value.get("LoggingEnabled") and survey.connection.is_aws:
        if _made_by_bootstrap(survey):
            return
        target = f'{{"LoggingEnabled":{{"TargetBucket":"LOG-BUCKET","TargetPrefix":"{bucket}/"}}}}'
        command = survey.commands.on_bucket("put-bucket-logging", "--bucket-logging-status", target)
        fix = choice(("With the bucket that keeps your logs for LOG-BUCKET", command))
        evidence = "Server access logging is off (CloudTrail cannot be seen from here)"
        yield Finding(LOGGING, bucket, evidence, fix)


def _made_by_bootstrap(survey: Survey) -> bool:
    s3, bucket = survey.connection.s3, survey.bucket
    said = ask(
        "s3:GetBucketTagging",
        lambda: s3.get_bucket_tagging(Bucket=bucket)["TagSet"],
        {"NoSuchTagSet"},
    )
    return {"Key": MARK[0], "Value": MARK[1]} in (said.value or [])
