"""The bucket operations that are served."""

from typing import Any

from holdfast.server.operation import Operation
from holdfast.server.s3 import bucket_acl, buckets, lifecycle, policy, versioning
from holdfast.server.s3.settings import setting_operations

BUCKETS: tuple[Operation[Any], ...] = (
    buckets.list_buckets,
    buckets.create_bucket,
    buckets.head_bucket,
    buckets.delete_bucket,
    buckets.get_bucket_location,
    versioning.get_bucket_versioning,
    versioning.put_bucket_versioning,
    bucket_acl.get_bucket_acl,
    bucket_acl.put_bucket_acl,
    policy.get_bucket_policy_status,
    lifecycle.put_bucket_lifecycle_configuration,
    *setting_operations(),
)
