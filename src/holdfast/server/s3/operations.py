"""The S3 operations that are served."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.s3 import (
    delete,
    objects_get,
    objects_put,
)
from holdfast.server.s3.bucket_operations import BUCKETS

OBJECTS: tuple[Operation[Any], ...] = (
    objects_put.put_object,
    objects_get.get_object,
    objects_get.head_object,
    delete.delete_object,
    delete.delete_objects,
)

OPERATIONS: tuple[Operation[Any], ...] = (*BUCKETS, *OBJECTS)
