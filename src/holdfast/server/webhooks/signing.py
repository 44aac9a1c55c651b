"""The signature by which a receiver knows that a message is ours, and not one of last week."""

import hmac

HEADER = "Holdfast-Signature"


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """Return the value of the header: `t=TIMESTAMP,v1=HEX`.

    HEX is HMAC-SHA256 under the secret of the timestamp, a full stop, and the body.

    Args:
        secret: what receiver and server share.
        timestamp: seconds since the epoch, of this attempt.
        body: as it is sent.
    """
    signed = str(timestamp).encode() + b"." + body
    return f"t={timestamp},v1={hmac.new(secret, signed, 'sha256').hexdigest()}"
