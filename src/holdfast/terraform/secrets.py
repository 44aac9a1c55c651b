"""What secrets look like that nobody marked sensitive: by the name of an attribute, or by format.

Terraform marks what configurations declare; what a provider's schema declares is not in every state.
"""

import re
from functools import lru_cache

_NAMED = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|private_key|secret_key|api_key|client_key"
    r"|secret_string|connection_string|kubeconfig|kube_config)(_(v\d|\d|pem|openssh|pkcs8|base64"
    r"|plaintext|value|data|string|binary|hash))*$",
    re.IGNORECASE,
)
_BY_TYPE = frozenset({("random_password", "result"), ("random_password", "bcrypt_hash")})

# Formats that their makers chose so that secrets are found; each is bounded, so a search is linear.
_FORMATS = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}",
    "a Slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{10}",
    "a Stripe key": r"\b[sr]k_live_[A-Za-z0-9]{20}",
    "a Google API key": r"\bAIza[A-Za-z0-9_-]{35}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}",
    "a PyPI token": r"\bpypi-AgE[A-Za-z0-9_-]{50}",
    "a Vault token": r"\bhv[sb]\.[A-Za-z0-9_-]{20}",
    "an HCP Terraform token": r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60}",
    "a JSON web token": r"\beyJ[\w-]{10,2048}\.eyJ[\w-]{10,2048}\.[\w-]{10}",
    "a URL with a password": (
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"<>{}]{0,64}:[^\s/:@\"<>{}*]{1,128}@[\w\[]"
    ),
    "a connection string with a password": (
        r";\s{0,4}(?i:password|pwd|accountkey|sharedaccesskey)\s{0,4}=\s{0,4}[^;\s\"<>{}*]{6}"
    ),
}
_KINDS = {kind: re.compile(pattern, re.ASCII) for kind, pattern in _FORMATS.items()}


@lru_cache(maxsize=8192)
def is_secret_name(name: str, resource_type: str = "") -> bool:
    """Whether an attribute is named like one that holds a secret.

    Args:
        name: one step of a path, or a flat name of the legacy form, `login.0.password`.
        resource_type: of the resource that has the attribute, for names that tell nothing.
    """
    return (resource_type, name) in _BY_TYPE or bool(_NAMED.search(name.rpartition(".")[2]))


def format_of(text: str) -> str | None:
    """Return what a text holds by its format, such as `a private key`, or None."""
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(text)), None)
