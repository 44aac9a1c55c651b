"""The S3 operations that are served."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.s3 import (
    attributes,
    complete,
    copy,
    delete,
    list_objects,
    list_uploads,
    list_versions,
    multipart,
    object_acl,
    object_tagging,
    objects_get,
    objects_put,
    upload_parts,
)
from holdfast.server.s3.bucket_operations import BUCKETS

OBJECTS: tuple[Operation[Any], ...] = (
    objects_put.put_object,
    objects_get.get_object,
    objects_get.head_object,
    delete.delete_object,
    delete.delete_objects,
    copy.copy_object,
    attributes.get_object_attributes,
    object_tagging.get_object_tagging,
    object_tagging.put_object_tagging,
    object_tagging.delete_object_tagging,
    object_acl.get_object_acl,
    object_acl.put_object_acl,
    list_objects.list_objects,
    list_objects.list_objects_v2,
    list_versions.list_object_versions,
    multipart.create_multipart_upload,
    multipart.abort_multipart_upload,
    upload_parts.upload_part,
    upload_parts.upload_part_copy,
    complete.complete_multipart_upload,
    list_uploads.list_multipart_uploads,
    list_uploads.list_parts,
)

OPERATIONS: tuple[Operation[Any], ...] = (*BUCKETS, *OBJECTS)
