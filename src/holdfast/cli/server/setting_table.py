"""Every setting of the server, in one table; `docs/reference/settings.md` is made from it."""

from collections.abc import Callable
from typing import Any

import msgspec

from holdfast.cli.server import issuer_values, rule_values, values, webhook_values

GIB = 1 << 30


class Setting(msgspec.Struct, frozen=True):
    """One row of the table. `name` also gives the flag, the variable and the TOML key."""

    name: str
    read: Callable[[str], Any]
    default: str
    form: str  # what a value looks like
    help: str
    secret: bool = False  # then it has no flag: other users of the machine can see flags

    @property
    def flag(self) -> str:
        """The flag, or nothing."""
        return "" if self.secret else "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "HOLDFAST_" + self.name.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.read is values.boolean


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data",
        values.path,
        "./holdfast-data",
        "DIR",
        "The data directory. It is made at first start, readable by its owner only.",
    ),
    Setting(
        "listen",
        values.address,
        "127.0.0.1:8270",
        "HOST:PORT",
        "Where to listen: an IP address (IPv6 in brackets) and a port. "
        "Port 0 lets the system choose one. Beyond loopback it needs TLS, or `insecure`.",
    ),
    Setting(
        "admin_access_key_id",
        values.matching(
            "|[A-Za-z0-9_]{16,128}", "16 to 128 letters and digits, such as AKIA0123456789ABCDEF"
        ),
        "",
        "ID",
        "The administrator's access key id. Generated at first start if not given; "
        "given later, with its secret, it replaces the one before.",
    ),
    Setting(
        "admin_secret_access_key",
        values.matching("|[!-~]{16,128}", "16 to 128 printable characters without spaces"),
        "",
        "SECRET",
        "The secret that belongs to `admin_access_key_id`. "
        "It has no flag, because other users of the machine can read the flags of a process.",
        secret=True,
    ),
    Setting(
        "tls_certificate",
        values.optional_path,
        "",
        "FILE",
        "The TLS certificate with its chain, PEM. With it the server speaks HTTPS only.",
    ),
    Setting(
        "tls_key",
        values.optional_path,
        "",
        "FILE",
        "The private key of `tls_certificate`, PEM, not encrypted.",
    ),
    Setting(
        "insecure",
        values.boolean,
        "false",
        "BOOL",
        "Listen beyond loopback without TLS. State files then cross the network in the clear.",
    ),
    Setting(
        "root_key",
        values.key_source,
        "file",
        "SOURCE",
        "Where the root key is: `file` (`root.key` in the data directory), `file:PATH`, `env:NAME` "
        "(an environment variable) or `command:COMMAND LINE` (its standard output).",
    ),
    Setting(
        "region",
        values.matching("[a-z0-9-]{1,32}", "a region name such as us-east-1"),
        "us-east-1",
        "REGION",
        "The AWS region to present. Kept at first start; a different one is refused later.",
    ),
    Setting(
        "account",
        values.matching("[0-9]{12}", "an account id: exactly 12 digits"),
        "123456789012",
        "DIGITS",
        "The AWS account id to present. Kept at first start; a different one is refused later.",
    ),
    Setting(
        "base_domain",
        values.matching(
            r"|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
            "a domain name in lower case, such as s3.example.com",
        ),
        "",
        "DOMAIN",
        "Also answer virtual-host style requests, whose host is BUCKET.DOMAIN.",
    ),
    Setting(
        "web_identity_issuers",
        issuer_values.issuers,
        "",
        "ISSUERS",
        "OpenID Connect issuers whose tokens may assume roles, separated by semicolons or lines. "
        "Each is `URL audience=TEXT`, with more audiences if a token may be meant for others. "
        "The keys are fetched from where the issuer says; "
        "`keys=FILE` or `keys=URL` behind it names a JSON Web Key Set instead.",
    ),
    Setting(
        "max_object_bytes",
        values.size(1 << 20, 5 * GIB),
        "5GiB",
        "SIZE",
        "The largest object or part that one request may upload.",
    ),
    Setting(
        "max_document_bytes",
        values.size(1 << 20, GIB),
        "16MiB",
        "SIZE",
        "The largest body of any other request.",
    ),
    Setting(
        "max_header_bytes",
        values.size(4096, 1 << 20),
        "32KiB",
        "SIZE",
        "The largest request line and headers, together.",
    ),
    Setting(
        "max_connections",
        values.number(1, 65536),
        "1024",
        "NUMBER",
        "How many connections may be open.",
    ),
    Setting(
        "max_requests",
        values.number(1, 65536),
        "512",
        "NUMBER",
        "How many requests may be under way or wait. "
        "One more is answered with an error that clients retry: 503 SlowDown, ThrottlingException.",
    ),
    Setting(
        "threads",
        values.number(1, 1024),
        "64",
        "NUMBER",
        "How many requests are worked on at the same time; the others wait.",
    ),
    Setting(
        "header_timeout",
        values.seconds(1, 3600),
        "20",
        "SECONDS",
        "How long a connection may take to send the headers of a request.",
    ),
    Setting(
        "stall_timeout",
        values.seconds(1, 3600),
        "30",
        "SECONDS",
        "How long a request body may make no progress before the connection is given up.",
    ),
    Setting(
        "idle_timeout",
        values.seconds(1, 3600),
        "75",
        "SECONDS",
        "How long a connection may be idle between two requests.",
    ),
    Setting(
        "drain_timeout",
        values.seconds(0, 3600),
        "10",
        "SECONDS",
        "How long a stop waits for the requests under way.",
    ),
    Setting(
        "finish_after_expiry",
        values.seconds(0, 86400),
        "14400",
        "SECONDS",
        "How long after its end a session that holds the lock of a state may still write that state "
        "and release that lock, and nothing else. 0: it may do nothing.",
    ),
    Setting(
        "webhook_urls",
        webhook_values.addresses,
        "",
        "URLS",
        "Where to send what happens to states: addresses with spaces between them, https:// unless "
        "they are on this machine. It has no flag, because such addresses often hold a secret.",
        secret=True,
    ),
    Setting(
        "webhook_secret",
        values.matching("|[!-~]{16,256}", "16 to 256 printable characters without spaces"),
        "",
        "SECRET",
        "What the messages to `webhook_urls` are signed with. "
        "It has no flag, because other users of the machine can read the flags of a process.",
        secret=True,
    ),
    Setting(
        "webhook_events",
        webhook_values.events,
        "lock-held lock-forced lock-stale write-refused state-written state-deleted state-restored",
        "KINDS",
        "What is sent: kinds of entries of the journal with spaces between them, and `lock-held`.",
    ),
    Setting(
        "webhook_lock_held_after",
        values.seconds(1, 31_536_000),
        "3600",
        "SECONDS",
        "How long a lock is held before `lock-held` is sent.",
    ),
    Setting(
        "rules",
        rule_values.modes,
        "",
        "RULE=MODE...",
        "How strictly the rules about states are held where no bucket says otherwise: pairs with "
        "spaces between them, such as `fence.unlocked=enforce fence.emptied=enforce`, or a table "
        "`[rules]` of the file. A mode is enforce, warn or off; `all` stands for all rules. "
        '`BUCKET/PREFIX:RULE=MODE`, or a table `[rules."BUCKET/PREFIX"]`, is about the states '
        "whose names begin so.",
    ),
    Setting(
        "log_level",
        values.choice("debug", "info", "warning", "error"),
        "info",
        "LEVEL",
        "The least important message to log: debug, info, warning or error.",
    ),
    Setting(
        "log_format",
        values.choice("human", "json"),
        "human",
        "FORMAT",
        "human: a line of text for each message; json: a JSON object for each.",
    ),
)
