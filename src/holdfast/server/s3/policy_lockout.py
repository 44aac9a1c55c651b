"""A bucket policy that demands TLS of a server without TLS: it would shut everybody out."""

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.server.operation import Params, Snapshot

_CONFIRMED = "ConfirmRemoveSelfBucketAccess"


def refuse_lockout(tx: Snapshot, bucket: Bucket, params: Params) -> None:
    """Refuse a policy that denies its own sender what it could do, were it not for the lack of TLS.

    AWS has both kinds of endpoints for every bucket, so there it shuts nobody out. The parameter with
    which AWS lets one confirm that one gives up one's own access confirms it here.

    Args:
        tx: the transaction under way.
        bucket: whose policy it is to be.
        params: of PutBucketPolicy; the policy is known to be one.

    Raises:
        ServiceError: InvalidRequest.
    """
    if tx.caller.secure or params.get(_CONFIRMED):
        return
    from holdfast.server.access.policies.document import parse
    from holdfast.server.access.policies.evaluate import Attached, Policies, Question, decide
    from holdfast.server.access.policies.principals import Principal

    policies = Policies(resource=Attached(bucket.name, parse(params["Policy"], "bucket")))
    who = Principal(tx.site.account, frozenset({tx.caller.arn}))
    arn = f"arn:aws:s3:::{bucket.name}"
    for action, resource in (
        ("s3:ListBucket", arn),
        ("s3:GetObject", f"{arn}/state"),
        ("s3:PutObject", f"{arn}/state"),
    ):
        plain, secure = (
            decide(policies, Question(action, resource, who, {"aws:securetransport": (over_tls,)}))
            for over_tls in ("false", "true")
        )
        if plain.explicit and plain.statement is not None and not secure.explicit:
            raise _lockout(plain.statement.name, action)


def _lockout(statement: str, action: str) -> ServiceError:
    return ServiceError(
        "InvalidRequest",
        f"{statement} denies {action} without TLS, and this server is reached without TLS: it would "
        "shut everybody out. Leave it out, or serve with TLS first: holdfast serve "
        "--tls-certificate FILE --tls-key FILE. To put it all the same, confirm with the header "
        "x-amz-confirm-remove-self-bucket-access: true.",
        status=400,
    )
