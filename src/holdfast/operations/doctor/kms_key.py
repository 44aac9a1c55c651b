"""The KMS key that the backend block names, or else the bucket's default."""

from collections.abc import Iterator

from holdfast.operations.doctor.asking import ask
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import Survey

KMS_KEY = Check(
    "HF012",
    Severity.ERROR,
    "The KMS key cannot be used",
    "States that are encrypted under it cannot be read, and none can be written.",
    "Enable the key, or cancel its deletion.",
)
KMS_ROTATION = Check(
    "HF013",
    Severity.NOTE,
    "The KMS key is not rotated",
    "The same key material protects all states for ever.",
    "Switch automatic rotation on.",
)
CHECKS = (KMS_KEY, KMS_ROTATION)


def examine(survey: Survey) -> Iterator[Result]:
    """Look at the key, if there is one."""
    key = survey.kms_key
    if not key:
        return
    kms = survey.connection.kms
    said = ask(
        "kms:DescribeKey",
        lambda: kms.describe_key(KeyId=key)["KeyMetadata"],
        {"NotFoundException"},
    )
    if not said.known:
        yield NotChecked(CHECKS, key, said.unknown)
    elif said.value is None:
        evidence = "There is no such key in this region and account"
        yield Finding(KMS_KEY, key, evidence, "Correct kms_key_id in the backend block")
    elif said.value["KeyState"] != "Enabled":
        state = said.value["KeyState"]
        fix = _fix(survey, state, said.value["KeyId"])
        yield Finding(KMS_KEY, key, f"Its state is {state}", fix)
    else:
        yield from _rotation(survey, key, said.value["KeyId"])


def _fix(survey: Survey, state: str, key_id: str) -> str:
    enable = survey.commands.aws("kms", "enable-key", "--key-id", key_id)
    if state == "Disabled":
        return enable
    if state == "PendingDeletion":  # a key that was saved is disabled
        save = survey.commands.aws("kms", "cancel-key-deletion", "--key-id", key_id)
        return f"{save} && {enable}"
    return f"A key that is {state} comes back with its key material, or its key store"


def _rotation(survey: Survey, key: str, key_id: str) -> Iterator[Result]:
    kms = survey.connection.kms
    said = ask(
        "kms:GetKeyRotationStatus",
        lambda: kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"],
    )
    if not said.known:
        yield NotChecked((KMS_ROTATION,), key, said.unknown)
    elif not said.value:
        fix = survey.commands.aws("kms", "enable-key-rotation", "--key-id", key_id)
        yield Finding(KMS_ROTATION, key, "Automatic rotation is off", fix)
