"""How far the journal reached, written down beside it, so that a cut end is noticed.

Kept with the first entry, each minute, and when the server stops. It has a MAC like the chain's:
without the root key it can be put back to an earlier one, together with the journal, but not made.
"""

import hmac

import msgspec

from holdfast.engine.port import Engine, Reader, Writer
from holdfast.engine.records import Setting
from holdfast.engine.state_records import JournalEntry

SETTING = "journal_head"
_MAC_BYTES = 32
_LENGTH = 8 + 32 + _MAC_BYTES


class Head(msgspec.Struct, frozen=True):
    """An entry that was the newest once."""

    number: int
    chain: bytes  # 32 bytes


def keep(tx: Writer, chain_key: bytes, head: Head) -> None:
    """Write down that the journal reaches so far."""
    text = head.number.to_bytes(8, "big") + head.chain
    tx.put(Setting(name=SETTING, value=text + _mac(chain_key, text)))


def kept(tx: Reader, chain_key: bytes) -> Head | None:
    """Return what was written down; None if nothing is, or not by a server with this root key."""
    setting = tx.get(Setting, SETTING)
    if setting is None or len(setting.value) != _LENGTH:
        return None
    text, mac = setting.value[:-_MAC_BYTES], setting.value[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(chain_key, text)):
        return None
    return Head(int.from_bytes(text[:8], "big"), text[8:])


def newest(tx: Reader) -> Head | None:
    """Return where the journal ends now."""
    entry = next(tx.scan(JournalEntry, limit=1, reverse=True), None)
    return None if entry is None else Head(entry.number, entry.chain)


def follow(engine: Engine, chain_key: bytes, *, durable: bool = True) -> bool:
    """Write down how far the journal reaches, if that has changed; say whether it has.

    Never backwards, and not on from what is no more: a journal that was cut off is not to look whole.
    """
    grown = engine.view(lambda tx: _grown(tx, chain_key))
    if grown is None:
        return False
    engine.update(lambda tx: keep(tx, chain_key, grown), durable=durable)
    return True


def _grown(tx: Reader, chain_key: bytes) -> Head | None:
    """Return where the journal ends, if it has grown since that was written down."""
    head, before = newest(tx), kept(tx, chain_key)
    if head is None or before is None:
        return head
    known = tx.get(JournalEntry, before.number)
    same = known is not None and known.chain == before.chain
    return head if same and head.number > before.number else None


def _mac(chain_key: bytes, text: bytes) -> bytes:
    return hmac.digest(chain_key, b"journal head" + text, "sha256")
