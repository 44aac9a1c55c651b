"""Which program a user agent speaks of: its short name and version."""

import re
from functools import lru_cache

# The first of these that a user agent names is the program; the SDKs below it come after.
_PROGRAMS = ("holdfast", "terraform-provider-aws", "opentofu", "terraform", "aws-cli", "boto3")
_PRODUCT = re.compile(r"([A-Za-z][\w.-]{0,39})/([\w.+-]{1,32})", re.ASCII)
_MOST = 4096  # characters of a user agent that are looked at


@lru_cache(maxsize=1024)
def tool_of(user_agent: str) -> str:
    """Return the program and its version, such as `Terraform 1.11.4`; empty if none is named.

    Args:
        user_agent: the header, as it was sent.
    """
    products: dict[str, str] = {}
    for name, version in _PRODUCT.findall(user_agent[:_MOST]):
        products.setdefault(name.lower(), f"{name} {version}")
    return next(
        (products[name] for name in _PROGRAMS if name in products),
        next(iter(products.values()), ""),
    )


def is_terraform(user_agent: str) -> bool:
    """Say whether a program reads locks for nothing but to wait for them or to give them back."""
    return tool_of(user_agent).startswith(("Terraform ", "OpenTofu "))


def gives_back_all(user_agent: str) -> bool:
    """Say whether a program that gives back its lock in one place goes on to the others for sure."""
    return is_terraform(user_agent) or tool_of(user_agent).startswith("holdfast ")
