"""What an AWS profile says about a backend: region and endpoints, from the files of the AWS SDKs."""

from typing import Any

from holdfast.client.config.arguments import Arguments, arguments
from holdfast.client.config.origin import Level, Origin, Remark, Source, Sourced
from holdfast.client.config.schema import ENDPOINTS


def from_profile(name: str | None) -> Arguments:
    """Return what the profile in use says. It is the weakest of all places.

    Args:
        name: the profile; that of the environment, or `default`, if None.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    session = Session(profile=name)
    origin = Origin(Source.PROFILE, f"AWS profile {session.profile or 'default'}")
    try:
        scoped = session.get_scoped_config()
        services = session.full_config.get("services", {})
    except BotoCoreError as error:
        return Arguments({}, (Remark(Level.ERROR, f"{error}".rstrip("."), "", origin),))
    raw: dict[str, Any] = {}
    if scoped.get("region"):
        raw["region"] = scoped["region"]
    own = services.get(scoped.get("services"), {})
    for service in ENDPOINTS:
        section = own.get(service)
        url = section.get("endpoint_url") if isinstance(section, dict) else None
        if url or scoped.get("endpoint_url"):
            raw[f"endpoints.{service}"] = url or scoped["endpoint_url"]
    return arguments({argument: Sourced(value, origin) for argument, value in raw.items()})
