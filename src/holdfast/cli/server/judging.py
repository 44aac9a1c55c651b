"""The rules of the server, put together."""

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.engine.vault import Vault
from holdfast.rules.journal import KEY_PURPOSE
from holdfast.rules.state_rules import StateRules
from holdfast.server.rule_modes import Modes, usual
from holdfast.server.stores import ServerStores

_AS_EVER: Mapping[str, Modes] = MappingProxyType({})


def state_rules(vault: Vault, modes: Mapping[str, Modes] = _AS_EVER) -> StateRules:
    """Return the rules for states over this server's own objects and items.

    Args:
        vault: of the server.
        modes: of rules, where a bucket says nothing and they are not as ever: by how the names of
            states begin, BUCKET/PREFIX; those for all states under "".
    """
    return StateRules(ServerStores(), vault.derived(KEY_PURPOSE), usual(modes))
