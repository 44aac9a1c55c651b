"""The condition keys that can be evaluated here. Any other is refused when a policy is put.

Source: "AWS global condition context keys" of the IAM user guide, and "Condition keys" of Amazon S3,
Amazon DynamoDB, AWS KMS and AWS STS in the service authorization reference.
"""

import re

from holdfast.server.access.policies.refused import PolicyRefused

KEYS = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:referer",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:tagkeys",
        "aws:tokenissuetime",
        "aws:useragent",
        "aws:userid",
        "aws:username",
        "dynamodb:attributes",
        "dynamodb:leadingkeys",
        "dynamodb:returnvalues",
        "dynamodb:select",
        "kms:calleraccount",
        "kms:encryptioncontextkeys",
        "kms:viaservice",
        "s3:authtype",
        "s3:delimiter",
        "s3:if-match",
        "s3:if-none-match",
        "s3:locationconstraint",
        "s3:max-keys",
        "s3:prefix",
        "s3:resourceaccount",
        "s3:signatureage",
        "s3:signatureversion",
        "s3:versionid",
        "s3:x-amz-acl",
        "s3:x-amz-content-sha256",
        "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-storage-class",
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
    }
)
# What follows is the name of a tag, or of a pair of an encryption context.
_FAMILIES = re.compile(r"(aws:(principaltag|requesttag)/|kms:encryptioncontext:).+", re.DOTALL)
# A claim of a token, behind the issuer's address without its scheme.
_CLAIM = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[^\s:]+)*:[a-z0-9_./-]+")


def require_known(key: str, *, claims: bool = False) -> None:
    """Check that a condition key can be evaluated.

    Args:
        key: in lower case; condition keys have no case.
        claims: whether the claims of a web identity token are known where it stands.

    Raises:
        PolicyRefused: it cannot.
    """
    if key in KEYS or _FAMILIES.fullmatch(key):
        return
    if is_claim(key):
        if claims:
            return
        raise PolicyRefused(f"The condition key {key} is known in trust policies only")
    raise PolicyRefused(f"The condition key {key} is not supported")


def is_claim(key: str) -> bool:
    """Tell whether a condition key is a claim of a token, such as `idp.example.com/ci:sub`."""
    issuer = key.rpartition(":")[0]
    host = issuer.partition("/")[0].partition(":")[0]
    named = "." in host or host == "localhost"
    return named and _CLAIM.fullmatch(key) is not None


def service_of(key: str) -> str:
    """Return what a condition key begins with: `aws`, or the service that it belongs to."""
    return key.partition(":")[0]
