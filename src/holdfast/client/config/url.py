"""A backend as a URL: `s3://bucket/key?region=eu-west-1&lock_table=locks&use_lockfile=true`."""

from urllib.parse import parse_qsl, unquote, urlsplit

from holdfast.client.config.origin import Origin, Source, Sourced
from holdfast.client.config.schema import ARGUMENTS, ENDPOINTS, RENAMED
from holdfast.client.errors import NotConfigured

EXAMPLE = "s3://BUCKET/KEY?region=eu-west-1&lock_table=TABLE"
_EXTRA = ("endpoint", "workspace", "lock_table")
_PLAIN = tuple(
    name
    for name, argument in ARGUMENTS.items()
    if argument.kind in ("string", "bool", "number") and name not in ("bucket", "key")
)
_ORIGIN = Origin(Source.URL, "the URL")


def from_url(url: str) -> tuple[dict[str, Sourced], str | None]:
    """Return the arguments that a URL says, and its workspace.

    Raises:
        NotConfigured: it is not such a URL, or has a parameter that means nothing.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise NotConfigured(f"{url} is not the URL of a backend", f"Write it as '{EXAMPLE}'.")
    said = {"bucket": parts.netloc}
    if parts.path.strip("/"):
        said["key"] = unquote(parts.path[1:])
    workspace = None
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in (*_PLAIN, *_EXTRA):
            known = ", ".join((*_EXTRA, *_PLAIN))
            raise NotConfigured(f"the URL has an unknown parameter {name}", f"Known are: {known}.")
        if name == "workspace":
            workspace = value
        elif name == "endpoint":
            said |= {f"endpoints.{service}": value for service in ENDPOINTS}
        else:
            said[RENAMED.get(name, name)] = value
    return {name: Sourced(value, _ORIGIN) for name, value in said.items()}, workspace
