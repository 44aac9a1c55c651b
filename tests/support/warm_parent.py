"""A process that has the SDK ready and becomes `holdfast` commands, each in a fork of its own.

Run with the number of a socket. Each message is a command as JSON with two files: one for what it
prints, one for its process id and, once it has ended, its exit code.
"""

import json
import os
import socket
import sys
from contextlib import suppress

from holdfast.cli.main import main
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.settings import BackendSettings


def warm_up() -> None:
    """Import the SDK and read its models; no request is made, and nothing of a configuration kept."""
    nowhere = "http://127.0.0.1:1"
    os.environ.update(AWS_ENDPOINT_URL=nowhere, AWS_CONFIG_FILE=os.devnull)
    settings = BackendSettings("bucket", region="us-east-1", access_key="a", secret_key="b")
    made = Connection(settings)
    with suppress(HoldfastError):
        _ = made.s3, made.dynamodb, made.holdfast


def serve(wanted: socket.socket) -> None:
    """Fork for each command, until nobody asks any more."""
    while True:
        message, files, _, _ = socket.recv_fds(wanted, 1 << 20, 2)
        _forget_the_ended()
        if not message:
            return
        if os.fork() == 0:
            wanted.close()
            _watch(json.loads(message), *files)
        for file in files:
            os.close(file)


def _forget_the_ended() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _watch(wanted: dict[str, str], printed: int, told: int) -> None:
    """Run the command in a fork, and tell how it ended."""
    process = os.fork()
    if process == 0:
        os.close(told)
        _become(wanted, printed)
    os.close(printed)
    os.write(told, f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(wanted: dict[str, str], printed: int) -> None:
    """Be the command, as if it had been started this way; does not return."""
    os.chdir(wanted["path"])
    os.environ.clear()
    os.environ.update(json.loads(wanted["env"]))
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(printed)
    sys.argv = ["holdfast", *json.loads(wanted["arguments"])]
    main()


if __name__ == "__main__":
    warm_up()
    serve(socket.socket(fileno=int(sys.argv[1])))
