"""The root key's source, as the setting `root_key` names it."""

import os
from pathlib import Path

from holdfast.cli.server.settings import ServerSettings
from holdfast.engine.directory import ROOT_KEY
from holdfast.engine.root_key import KeyCommand, KeyFile, KeyText, RootKeySource


def source(settings: ServerSettings) -> RootKeySource:
    """Return where the root key comes from."""
    kind, rest = settings.root_key
    if kind == "env":
        return KeyText(os.environ.get(rest, ""), f"the environment variable {rest}")
    if kind == "command":
        return KeyCommand(rest)
    return KeyFile(Path(rest).expanduser() if rest else settings.data / ROOT_KEY)
