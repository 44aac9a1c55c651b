"""From the arguments in files to backends that can be asked; equal connections are shared."""

import os

from holdfast.client.backend import Backend
from holdfast.client.config.arguments import arguments
from holdfast.client.config.environment import from_environment
from holdfast.client.config.origin import Origin, Source, Sourced
from holdfast.client.config.settle import settings_of as settled
from holdfast.client.connect import Connection
from holdfast.client.settings import BackendSettings
from holdfast.operations.migrate_locks.bodies import NOT_LITERAL
from holdfast.operations.migrate_locks.tree import Configuration


class Backends:
    """Opens the backends of configurations."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def __call__(self, configuration: Configuration) -> Backend:
        """Return the backend of a configuration, as its files say it."""
        return self.open(settings_of(configuration))

    def open(self, settings: BackendSettings) -> Backend:
        """Return a backend, over the connection of others that differ only in their key."""
        shared = settings.changed(key="")
        which = repr((shared, shared.access_key, shared.secret_key, shared.token))
        connection = self._connections.setdefault(which, Connection(shared))
        return Backend(settings, connection=connection, cache=False)


def settings_of(configuration: Configuration) -> BackendSettings:
    """Return what a configuration says, as settings. What only Terraform can work out is left out."""
    raw: dict[str, Sourced] = {}
    for source in configuration.sources:
        for name, each in source.body.arguments.items():
            if each.value is not NOT_LITERAL:
                origin = Origin(Source.BLOCK, file=str(source.path), line=each.line)
                raw[name] = Sourced(each.value, origin)
    said = arguments(raw).over(arguments(from_environment(os.environ)))
    return settled(said.values)
