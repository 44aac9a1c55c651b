"""Giving up a multipart upload with all its parts."""

from holdfast.engine.bodies import unlink
from holdfast.engine.records import Part, Upload
from holdfast.server.operation import Transaction


def drop_upload(tx: Transaction, upload: Upload) -> None:
    """Remove an upload under way, its parts and their bodies."""
    for part in tuple(tx.scan(Part, upload.upload_id)):
        unlink(tx, part.stored, tx.now)
        tx.drop(Part, part.upload_id, part.number)
    tx.drop(Upload, upload.bucket, upload.key, upload.upload_id)
