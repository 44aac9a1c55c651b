"""How far the journal reached, written down beside it, so that a cut end is noticed.

Kept with the first entry, each minute, and when the server stops. It has a MAC like the chain's:
without the root key it can be put back to an earlier one, together with the journal, but not made.
"""

import hmac

from holdfast.engine.journal_end import JournalEnd, journal_end
from holdfast.engine.port import CorruptData, Engine, Reader, Writer
from holdfast.engine.records import Setting
from holdfast.engine.state_records import JournalEntry

SETTING = "journal_head"
_MAC_BYTES = 32
_LENGTH = 8 + 32 + _MAC_BYTES


def keep(tx: Writer, chain_key: bytes, end: JournalEnd) -> None:
    """Write down that the journal reaches so far."""
    text = end.number.to_bytes(8, "big") + end.chain
    tx.put(Setting(name=SETTING, value=text + _mac(chain_key, text)))


def kept(tx: Reader, chain_key: bytes) -> JournalEnd | None:
    """Return what was written down; None if nothing is, or not by a server with this root key."""
    setting = tx.get(Setting, SETTING)
    if setting is None or len(setting.value) != _LENGTH:
        return None
    text, mac = setting.value[:-_MAC_BYTES], setting.value[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(chain_key, text)):
        return None
    return JournalEnd(int.from_bytes(text[:8], "big"), text[8:])


def follow(engine: Engine, chain_key: bytes, *, durable: bool = True) -> bool:
    """Write down how far the journal reaches, if that has changed; say whether it has.

    Never backwards, and not on from what is no more: a journal that was cut off is not to look whole.
    """
    grown = engine.view(lambda tx: _grown(tx, chain_key))
    if grown is None:
        return False
    engine.update(lambda tx: keep(tx, chain_key, grown), durable=durable)
    return True


def _grown(tx: Reader, chain_key: bytes) -> JournalEnd | None:
    """Return where the journal ends, if it has grown since that was written down."""
    end, before = journal_end(tx), kept(tx, chain_key)
    if before is None:
        return end if end.number else None
    try:
        known = tx.get(JournalEntry, before.number)
    except CorruptData:
        known = None
    same = known is not None and known.chain == before.chain
    return end if same and end.number > before.number else None


def _mac(chain_key: bytes, text: bytes) -> bytes:
    return hmac.digest(chain_key, b"journal head" + text, "sha256")
