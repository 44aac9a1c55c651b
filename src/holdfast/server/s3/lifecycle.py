"""The lifecycle configuration of a bucket. Its rules run in the background: see lifecycle_run.

Expirations and the abortion of uploads are carried out. Transitions are kept and reported, and change
nothing: there is one kind of storage here.
"""

from holdfast.aws.errors import ServiceError
from holdfast.server.operation import Params, Result, Transaction, operation
from holdfast.server.s3.bucket_lookup import bucket_of
from holdfast.server.s3.bucket_setting import with_setting
from holdfast.server.s3.lifecycle_check import checked_rules

MEMBER = "LifecycleConfiguration"
_MINIMUM_SIZE = "TransitionDefaultMinimumObjectSize"
_MINIMUM_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")


@operation("PutBucketLifecycleConfiguration", writes=True)
def put_bucket_lifecycle_configuration(tx: Transaction, params: Params) -> Result:
    """Keep the rules, instead of those that were there.

    Raises:
        ServiceError: MalformedXML, InvalidArgument or InvalidRequest; see lifecycle_check.
    """
    bucket = bucket_of(tx, params)
    if "Rules" not in params.get(MEMBER, {}):
        raise ServiceError("MalformedXML")
    size = params.get(_MINIMUM_SIZE, _MINIMUM_SIZES[0])
    if size not in _MINIMUM_SIZES:
        raise ServiceError(
            "InvalidRequest", f"Invalid TransitionDefaultMinimumObjectSize found: {size}"
        )
    rules = checked_rules(params[MEMBER]["Rules"], tx.site.random)
    tx.put(with_setting(bucket, MEMBER, {"Rules": rules, _MINIMUM_SIZE: size}))
    return {_MINIMUM_SIZE: size}
