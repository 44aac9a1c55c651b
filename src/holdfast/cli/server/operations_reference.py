"""Prints `docs/reference/operations.md`, made from the list of operations that are served."""

from holdfast.aws.models import SERVED, service

_HEAD = """\
# Operations

<!-- Made by `make docs` from src/holdfast/aws/served.py; do not edit. -->

These AWS operations are served, with AWS's names for parameters, results and errors. Any other
operation of these services answers `NotImplemented` (501) or the service's own error for an unknown
operation, and names itself.

The last list is of a service that AWS does not have. It is spoken like the others, in JSON and signed
for the service name `holdfast`; its model, in botocore's form, is `service_model/` in the package.
"""

_TITLES = {
    "s3": "S3",
    "dynamodb": "DynamoDB",
    "kms": "KMS",
    "sts": "STS",
    "iam": "IAM",
    "holdfast": "Holdfast's own service",
}


def page() -> str:
    """Return the page."""
    sections = []
    for name, title in _TITLES.items():
        lines = "".join(f"- {operation}\n" for operation in sorted(SERVED[name]))
        version = service(name).api_version
        sections.append(f"\n## {title} (API version {version})\n\n{lines}")
    return _HEAD + "".join(sections)


if __name__ == "__main__":
    print(page(), end="")
