"""The access key of the administrator of a directory that has data: kept, given back, or replaced."""

from datetime import datetime

from holdfast.cli.server import credentials
from holdfast.cli.server.credentials import Credentials
from holdfast.cli.server.settings import ServerSettings
from holdfast.engine.access_records import AccessKey
from holdfast.engine.port import Engine, Reader, Writer
from holdfast.server.access.credentials import find
from holdfast.server.access.users import ADMINISTRATOR, NewKey, create_access_key, create_user
from holdfast.server.operation import Site


def keep(engine: Engine, site: Site, settings: ServerSettings, now: datetime) -> str:
    """Make the store and the file `credentials` agree on the administrator's access key.

    A key that the settings give replaces the one before. Without one, a file that was lost is
    written again from the store, which the root key opens anyway.

    Returns:
        What was done, for the log; nothing if there was nothing to do.
    """
    stored = engine.view(lambda tx: _stored(tx, site, now))
    given = _given(settings)
    if given is not None and given not in stored:
        engine.update(lambda tx: _replace(tx, site, given, now))
        credentials.write(settings.data, given)
        return "the administrator's access key was replaced by the one in the settings"
    wanted = given or next(iter(stored), None)
    if wanted is None or credentials.says(settings.data, wanted):
        return ""
    if credentials.read(settings.data) in stored:
        return ""
    credentials.write(settings.data, wanted)
    return "the file credentials was written again"


def _given(settings: ServerSettings) -> Credentials | None:
    if not settings.admin_access_key_id:
        return None
    return Credentials(settings.admin_access_key_id, settings.admin_secret_access_key)


def _stored(tx: Reader, site: Site, now: datetime) -> list[Credentials]:
    """Return the administrator's access keys that may be used."""
    keys = [key.access_key_id for key in tx.scan(AccessKey) if key.user == ADMINISTRATOR]
    holders = [find(tx, site.vault, site.account, key, now) for key in keys]
    return [Credentials(who.access_key_id, who.secret) for who in holders if who is not None]


def _replace(tx: Writer, site: Site, given: Credentials, now: datetime) -> None:
    for key in tx.scan(AccessKey):
        if key.user == ADMINISTRATOR:
            tx.drop(AccessKey, key.access_key_id)
    create_user(tx, ADMINISTRATOR, now, site.random)
    new = NewKey(given.access_key_id, given.secret_access_key)
    create_access_key(tx, site.vault, ADMINISTRATOR, now, site.random, new)
