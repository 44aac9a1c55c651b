"""The steps of a plan that make and set the KMS key."""

from collections.abc import Mapping
from typing import Any

from holdfast.operations.bootstrap.actual import NOT_OFFERED
from holdfast.operations.bootstrap.arns import key_call
from holdfast.operations.bootstrap.asking import ask
from holdfast.operations.bootstrap.change_bucket import Change, Work
from holdfast.operations.bootstrap.plan import Step
from holdfast.operations.bootstrap.refusals import NotAvailable
from holdfast.operations.bootstrap.settling import settled


def _send(work: Work, doing: str, action: str, method: str, **parameters: Any) -> Any:
    resource = work.key_id or "*"
    send = getattr(work.connection.kms, method)
    call = key_call(doing, action, resource)
    return settled(lambda: ask(call, lambda: send(**parameters)), work.sleep)


def make_key(work: Work, _step: Step) -> Any:
    """Make the key, with its tags: by them a later run finds it if this one stops before the alias."""
    from holdfast.operations.bootstrap.read_key import ALIAS_TAG

    tags = {**work.desired.all_tags, ALIAS_TAG: work.desired.alias}
    made = _send(
        work,
        "make a key",
        "CreateKey",
        "create_key",
        Description=f"Terraform states in {work.desired.bucket}",
        Tags=_tags(tags),
    )
    if made is NOT_OFFERED:
        raise NotAvailable("this endpoint makes no keys", "Use --encryption sse-s3.")
    work.key_arn = made["KeyMetadata"]["Arn"]
    return made


def tag_key(work: Work, step: Step) -> Any:
    """Set the tags."""
    if step.before is None:  # made with them
        return None
    return _send(
        work,
        "tag the key",
        "TagResource",
        "tag_resource",
        KeyId=work.key_id,
        Tags=_tags(step.after),
    )


def enable_key(work: Work, step: Step) -> Any:
    """Bring the key back to use: from its deletion too, while it is pending."""
    if step.before is None:
        return None
    if step.before == "PendingDeletion":
        _send(
            work,
            "save the key from deletion",
            "CancelKeyDeletion",
            "cancel_key_deletion",
            KeyId=work.key_id,
        )
    return _send(work, "enable the key", "EnableKey", "enable_key", KeyId=work.key_id)


def rotate_key(work: Work, step: Step) -> Any:
    """Turn the yearly rotation on or off."""
    verb = "Enable" if step.after else "Disable"
    method = f"{verb.lower()}_key_rotation"
    return _send(work, "set the key's rotation", f"{verb}KeyRotation", method, KeyId=work.key_id)


def name_key(work: Work, step: Step) -> Any:
    """Make the alias. If another run made it meanwhile, its key counts, and ours goes."""
    kms, call = work.connection.kms, key_call(f"make {step.after}", "CreateAlias", work.key_id)
    answer = settled(
        lambda: ask(
            call,
            lambda: kms.create_alias(AliasName=step.after, TargetKeyId=work.key_id),
            {"AlreadyExistsException"},
        ),
        work.sleep,
    )
    if answer is None:
        _yield_to_the_other(work, step.after)
    return answer


def _yield_to_the_other(work: Work, alias: str) -> None:
    made = work.actual.key is None
    theirs = _send(work, f"look at {alias}", "DescribeKey", "describe_key", KeyId=alias)
    if made and theirs["KeyMetadata"]["Arn"] != work.key_arn:
        _send(  # nothing has been encrypted with it
            work,
            "delete our key",
            "ScheduleKeyDeletion",
            "schedule_key_deletion",
            KeyId=work.key_id,
            PendingWindowInDays=7,
        )
    work.key_arn = theirs["KeyMetadata"]["Arn"]


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": name, "TagValue": value} for name, value in tags.items()]


KEY: Mapping[str, Change] = {
    "key": make_key,
    "key.tags": tag_key,
    "key.state": enable_key,
    "key.rotation": rotate_key,
    "key.alias": name_key,
}
