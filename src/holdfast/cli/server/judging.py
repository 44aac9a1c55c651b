"""The rules of the server, put together."""

from types import MappingProxyType

from holdfast.engine.vault import Vault
from holdfast.rules.journal import KEY_PURPOSE
from holdfast.rules.state_rules import StateRules
from holdfast.server.rule_modes import DEFAULTS, Modes
from holdfast.server.stores import ServerStores

_AS_USUAL: Modes = MappingProxyType({})


def state_rules(vault: Vault, modes: Modes = _AS_USUAL) -> StateRules:
    """Return the rules for states over this server's own objects and items.

    Args:
        vault: of the server.
        modes: of rules, where a bucket says nothing and they are not as usual.
    """
    return StateRules(ServerStores(), vault.derived(KEY_PURPOSE), {**DEFAULTS, **modes})
