"""How much of what a stranger may send, and for how long."""

import msgspec

MIB = 1 << 20


class Limits(msgspec.Struct, frozen=True):
    """Bounds on requests. Sizes in bytes, times in seconds."""

    header_bytes: int = 32 * 1024  # request line and headers together
    document_bytes: int = 16 * MIB  # XML, JSON and form bodies; BatchWriteItem may carry 16 MB
    body_bytes: int = 5 * 1024 * MIB  # PutObject and UploadPart; AWS's limit for one upload
    buffered_bytes: int = 256 * 1024  # bodies up to this long are taken before anything is checked
    documents: int = 8  # longer ones that are held in memory at once, other than streamed bodies
    connections: int = 1024
    requests: int = 512  # under way at once; one more is told to slow down
    threads: int = 64  # that run them; also the most updates that share a commit
    header_seconds: float = 20.0  # for a connection to send all headers of a request
    stall_seconds: float = 30.0  # without a byte of a body
    idle_seconds: float = 75.0  # between two requests on a connection
    drain_seconds: float = 10.0  # for requests under way when the server is told to stop
    # After its end a session may write the state whose lock it holds, and release that lock.
    finish_seconds: float = 4 * 3600.0
