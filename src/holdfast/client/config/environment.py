"""Which environment variables say something about a backend. Source: see `schema`."""

from collections.abc import Mapping

from holdfast.client.config.origin import Origin, Source, Sourced
from holdfast.client.config.schema import ARGUMENTS, ENDPOINTS, OLD_ENDPOINT_VARIABLES

# AWS's SDK reads the others by itself, and knows better what they mean together.
USED_BY_US = frozenset({"region", "sse_customer_key"})


def from_environment(environ: Mapping[str, str]) -> dict[str, Sourced]:
    """Return the arguments that variables stand in for; endpoints as `endpoints.SERVICE`."""
    found: dict[str, Sourced] = {}
    for name, argument in ARGUMENTS.items():
        for variable in argument.variables:
            if environ.get(variable):
                value: object = environ[variable]
                if argument.kind == "strings":
                    value = [value]
                found[name] = Sourced(value, Origin(Source.ENVIRONMENT, variable))
                break
    for service in ENDPOINTS:
        for variable in _endpoint_variables(service):
            if environ.get(variable):
                origin = Origin(Source.ENVIRONMENT, variable)
                found[f"endpoints.{service}"] = Sourced(environ[variable], origin)
                break
    return found


def _endpoint_variables(service: str) -> tuple[str, ...]:
    old = OLD_ENDPOINT_VARIABLES.get(service)
    own = (f"AWS_ENDPOINT_URL_{service.upper()}", *([old] if old else []))
    return (*own, "AWS_ENDPOINT_URL")
