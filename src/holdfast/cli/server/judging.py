"""The rules of the server, put together."""

from holdfast.engine.vault import Vault
from holdfast.rules.journal import KEY_PURPOSE
from holdfast.rules.state_rules import StateRules
from holdfast.server.stores import ServerStores


def state_rules(vault: Vault) -> StateRules:
    """Return the rules for states over this server's own objects and items."""
    return StateRules(ServerStores(), vault.derived(KEY_PURPOSE))
