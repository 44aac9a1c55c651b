"""Who asks, by every name a policy may use; and the Principal element, which names them.

Source: "AWS JSON policy elements: Principal" of the IAM user guide.
"""

import re
from typing import Literal

import msgspec

from holdfast.server.access.policies.refused import PolicyRefused

Named = Literal["not", "account", "direct"]

EVERYBODY = "*"
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):root")
_ONE = re.compile(
    r"arn:aws[a-z-]*:(iam::[0-9]{12}:(user|role)/[\w+=,.@/-]+"
    r"|sts::[0-9]{12}:(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))",
    re.ASCII,
)
_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]{12,28}")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_PROVIDER = re.compile(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:(oidc|saml)-provider/[^\s*]+|[a-z0-9.-]+(:[0-9]+)?(/[^\s*]*)?"
)
_MOST = 500  # in one statement


class Principal(msgspec.Struct, frozen=True):
    """Who asks."""

    account: str  # 12 digits
    # What only it, or its role, is called: ARNs and unique ids; of a web identity also its issuer.
    names: frozenset[str]
    root: bool = False  # the administrator, who stands for the account itself


class Principals(msgspec.Struct, frozen=True):
    """A Principal or NotPrincipal element."""

    names: frozenset[str]  # ARNs, unique ids, issuers, services, `*`
    accounts: frozenset[str]
    negated: bool = False

    def say_of(self, who: Principal) -> Named:
        """Tell whether somebody is meant, by a name of its own or only through its account.

        Through its account it is refused as well, but allowed only as far as the account's own
        policies allow it.
        """
        own = EVERYBODY in self.names or not self.names.isdisjoint(who.names)
        account = who.account in self.accounts
        own = own or (account and who.root)
        if self.negated:  # naming the account there spares nobody but the account itself
            return "not" if own else "direct"
        if own:
            return "direct"
        return "account" if account else "not"


def parse_principals(element: object, *, trust: bool, negated: bool) -> Principals:
    """Read a Principal or NotPrincipal element.

    Args:
        element: as JSON has it.
        trust: whether it is a role's trust policy, which may name issuers of tokens.
        negated: whether it is NotPrincipal.

    Raises:
        PolicyRefused: it names nobody, or somebody who cannot be.
    """
    if element == EVERYBODY:
        return Principals(frozenset({EVERYBODY}), frozenset(), negated)
    if not isinstance(element, dict) or not element:
        raise PolicyRefused("Invalid principal in policy")
    forms = {"Service": _SERVICE, "Federated": _PROVIDER} if trust else {"Service": _SERVICE}
    names: set[str] = set()
    accounts: set[str] = set()
    for kind, value in element.items():
        for text in _texts(value):
            if kind == "AWS":
                _add(text, names, accounts)
                continue
            form = forms.get(kind)
            if form is None or not form.fullmatch(text):
                raise PolicyRefused(f"Invalid principal in policy: {kind} {text}")
            names.add(text)
    if len(names) + len(accounts) > _MOST:
        raise PolicyRefused(f"A statement names at most {_MOST} principals")
    return Principals(frozenset(names), frozenset(accounts), negated)


def _texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    texts = [text for text in listed if isinstance(text, str)]
    if not texts or len(texts) != len(listed):
        raise PolicyRefused("Invalid principal in policy")
    return texts


def _add(text: str, names: set[str], accounts: set[str]) -> None:
    root = _ROOT.fullmatch(text)
    if root is not None:
        accounts.add(root[1])
    elif _ACCOUNT.fullmatch(text):
        accounts.add(text)
    elif text == EVERYBODY or _ONE.fullmatch(text) or _UNIQUE_ID.fullmatch(text):
        names.add(text)
    else:
        raise PolicyRefused(f"Invalid principal in policy: AWS {text}")
