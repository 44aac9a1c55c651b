"""Command lines that a finding hands out: they lead to the same backend, and can be pasted."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.client.settings import BackendSettings

_SERVICE = {"s3api": "s3", "dynamodb": "dynamodb", "kms": "kms"}


@dataclass(frozen=True, slots=True)
class Commands:
    """Makes command lines for one backend.

    Attributes:
        settings: where it is.
        again: options of `holdfast` that lead there; none in its Terraform directory.
    """

    settings: BackendSettings
    again: tuple[str, ...] = ()

    def holdfast(self, name: str, *arguments: str) -> str:
        """Return a command of ours, ready for a shell."""
        return shlex.join(["holdfast", name, *arguments, *self.again])

    def aws(self, service: str, *arguments: str) -> str:
        """Return a command of the AWS CLI, with what its environment does not say."""
        return shlex.join(["aws", service, *arguments, *self._missing(_SERVICE[service])])

    def on_bucket(self, command: str, *arguments: str) -> str:
        """Return a command of the AWS CLI for the bucket."""
        return self.aws("s3api", command, "--bucket", self.settings.bucket, *arguments)

    def _missing(self, service: str) -> Iterator[str]:
        said, environ = self.settings, os.environ
        endpoint = getattr(said.endpoints, service)
        own = f"AWS_ENDPOINT_URL_{service.upper()}"
        if endpoint and endpoint != environ.get(own, environ.get("AWS_ENDPOINT_URL")):
            yield from ("--endpoint-url", endpoint)
        regions = (environ.get("AWS_REGION"), environ.get("AWS_DEFAULT_REGION"))
        if said.region and said.region not in regions:
            yield from ("--region", said.region)
        if said.profile and said.profile != environ.get("AWS_PROFILE"):
            yield from ("--profile", said.profile)


def choice(*ways: tuple[str, str]) -> str:
    """Return several ways out: for each a line that says what it does, and the command below it."""
    return "\n".join(f"{words}:\n  {command}" for words, command in ways)
