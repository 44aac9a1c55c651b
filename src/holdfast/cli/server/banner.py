"""What `holdfast serve` prints when it is ready: where it is, and at first start what to paste."""

import os
import shlex
import sys
from pathlib import Path

from holdfast.cli.server import credentials
from holdfast.cli.server.first_start import ALIAS, BUCKET, TABLE
from holdfast.cli.server.settings import ServerSettings


def text(settings: ServerSettings, url: str, *, first: bool) -> str:
    """Return what a start prints: where the server is, and at the first one what to paste."""
    env = _env_command(settings.data)
    if not first:
        return f'Holdfast serves {url}\n\nPoint a shell at it:\n\n  eval "$({env})"\n\n'
    return f"""\
Holdfast serves {url}

Made in {settings.data}:
  bucket {BUCKET}, versioned and encrypted under {ALIAS}
  lock table {TABLE}
  the administrator's access key, in {settings.data / credentials.NAME}
  the root key that opens everything{_root_key_place(settings)}: keep a copy of it elsewhere

Point a shell at it:

  eval "$({env})"

Paste into your Terraform code:

  terraform {{
    backend "s3" {{
      bucket         = "{BUCKET}"
      key            = "example/terraform.tfstate"
      region         = "{settings.region}"
      dynamodb_table = "{TABLE}"
      encrypt        = true
      kms_key_id     = "{ALIAS}"
    }}
  }}

"""


def _env_command(data: Path) -> str:
    """Return a command line that works in another terminal, whatever its directory is."""
    called = Path(sys.argv[0])
    in_path = _in_path("holdfast") or called.name != "holdfast"
    program = "holdfast" if in_path else str(called.absolute())
    return shlex.join([program, "env", "--data", str(data.absolute())])


def _in_path(program: str) -> bool:
    """Whether a shell finds a program; `shutil` would, too, but takes long to import."""
    places = (Path(folder, program) for folder in os.get_exec_path())
    return any(place.is_file() and os.access(place, os.X_OK) for place in places)


def _root_key_place(settings: ServerSettings) -> str:
    kind, rest = settings.root_key
    if kind == "file":
        return f", in {rest or settings.data / 'root.key'}"
    return f", from {'the variable ' + rest if kind == 'env' else 'your command'}"
