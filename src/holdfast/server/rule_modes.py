"""How strictly each rule about states is held, for a bucket and for prefixes in it.

What a bucket says is kept in its record, `{prefix: {rule: mode}}`. For each rule the longest prefix
that names it wins; what no prefix names is as the settings of the server say, which have prefixes too.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from holdfast.engine.records import Bucket

ENFORCE, WARN, OFF = "enforce", "warn", "off"
MODES = (ENFORCE, WARN, OFF)
ALL = "all"
SETTING = "holdfast:rules"  # in `Bucket.settings`; no name of AWS's has a colon
LONGEST_PREFIX = 1024  # bytes, as of keys

Modes = Mapping[str, str]  # rule -> mode


class RuleText(msgspec.Struct, frozen=True):
    """A rule as it is listed."""

    name: str
    default: str  # mode
    meaning: str  # what it forbids


RULES = (
    RuleText("one_lock", ENFORCE, "a second lock on a state, through whatever protocol"),
    RuleText("digest", ENFORCE, "a digest item that does not fit the state"),
    RuleText("fence.held", ENFORCE, "a write while another session holds the lock"),
    RuleText("fence.stale", ENFORCE, "a write without a lock whose serial is not newer"),
    RuleText("fence.lineage", ENFORCE, "another lineage, without a lock or over resources"),
    RuleText("fence.outdated", ENFORCE, "a write without a lock by who lost it or was refused"),
    RuleText("fence.unlocked", WARN, "a write without any lock"),
    RuleText("fence.emptied", WARN, "a write that leaves none of a state's resources"),
)
DEFAULTS: Modes = MappingProxyType({rule.name: rule.default for rule in RULES})


class BadMode(ValueError):
    """A rule or a mode has no meaning; the message says which, and what there is."""


def checked(given: Mapping[str, Any]) -> dict[str, str]:
    """Return modes by rule as they were given; `all` stands for all rules that are not named.

    Raises:
        BadMode: there is no such rule, or no such mode.
    """
    for rule, mode in given.items():
        if rule not in DEFAULTS and rule != ALL:
            raise BadMode(f"there is no rule '{rule}'; there are {', '.join(DEFAULTS)}")
        if mode not in MODES:
            raise BadMode(f"a mode of the rule '{rule}' is {', '.join(MODES)}, not '{mode}'")
    named = {rule: mode for rule, mode in given.items() if rule != ALL}
    return {**dict.fromkeys(DEFAULTS, given[ALL]), **named} if ALL in given else named


class Usual(msgspec.Struct, frozen=True):
    """What the settings of the server say: for all states, and for some by how their names begin."""

    everywhere: Modes  # a mode for every rule
    by_prefix: tuple[tuple[str, Modes], ...] = ()  # of BUCKET/KEY; the shorter first

    def of(self, bucket: str, key: str) -> Modes:
        """Return the mode of every rule for a key, if its bucket says nothing."""
        if not self.by_prefix:
            return self.everywhere
        name, found = f"{bucket}/{key}", dict(self.everywhere)
        for prefix, modes in self.by_prefix:
            if name.startswith(prefix):
                found.update(modes)
        return found


AS_EVER = Usual(DEFAULTS)


def usual(given: Mapping[str, Modes]) -> Usual:
    """Return what settings say.

    Args:
        given: modes by how names begin, BUCKET/PREFIX; those for all states under "".
    """
    prefixes = sorted((prefix for prefix in given if prefix), key=len)
    everywhere = {**DEFAULTS, **given.get("", {})}
    return Usual(everywhere, tuple((prefix, given[prefix]) for prefix in prefixes))


def given_in(bucket: Bucket | None) -> Mapping[str, Modes]:
    """Return what a bucket says, by prefix."""
    if bucket is None:
        return {}
    given: Mapping[str, Modes] = bucket.settings.get(SETTING, {})
    return given


def modes_of(bucket: Bucket | None, key: str, defaults: Modes) -> Modes:
    """Return the mode of every rule for a key.

    Args:
        bucket: where it is.
        key: the object's.
        defaults: what the server says for this key; a mode for every rule.
    """
    given = given_in(bucket)
    if not given:
        return defaults
    found = dict(defaults)
    for prefix in sorted(given, key=len):
        if key.startswith(prefix):
            found.update(given[prefix])
    return found
