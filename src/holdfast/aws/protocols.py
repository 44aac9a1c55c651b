"""The three protocols behind one door: requests to parameters, results and errors to responses."""

from collections.abc import Mapping
from typing import Any

from holdfast.aws import json_rpc, query, rest_xml
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Request, Response
from holdfast.aws.models import service as model_of
from holdfast.aws.routing import Target
from holdfast.aws.shapes import OperationModel


def parse(
    service: str, operation_model: OperationModel, request: Request, target: Target, body: bytes
) -> dict[str, Any]:
    """Return an operation's parameters with AWS's member names.

    Args:
        service: s3, dynamodb, kms, sts or iam.
        operation_model: of the operation that the request was routed to.
        request: the head.
        target: what it was routed to.
        body: the whole body, decoded; ignored if the operation streams it, and then the parameters
            do not have that member.

    Raises:
        ServiceError: the request is not one that the model allows.
    """
    protocol = model_of(service).protocol
    if protocol == "rest-xml":
        return rest_xml.parse(operation_model, request, target.bucket, target.key, body)
    if protocol == "json":
        return json_rpc.parse(operation_model, body)
    return query.parse(operation_model, request, body)


def serialize(
    service: str,
    operation_model: OperationModel,
    result: Mapping[str, Any],
    request_id: str,
    *,
    status: int | None = None,
) -> Response:
    """Return the response to an operation that succeeded.

    A streamed body is not part of it: the caller adds it. S3's answers to HEAD carry the length that
    the result gives as `Content-Length`; other responses have no such header yet.

    Args:
        service: s3, dynamodb, kms, sts or iam.
        operation_model: of the operation.
        result: with AWS's member names.
        request_id: to put into the response.
        status: the HTTP status; the model's if None.
    """
    model = model_of(service)
    code = status or operation_model.response_code
    if model.protocol == "rest-xml":
        return rest_xml.serialize(operation_model, result, request_id, code)
    if model.protocol == "json":
        return json_rpc.serialize(model, operation_model, result, request_id, code)
    return query.serialize(model, operation_model, result, request_id, code)


def serialize_error(
    service: str,
    error: ServiceError,
    request: Request,
    request_id: str,
    host_id: str,
    resource: str,
) -> Response:
    """Return the response that says what went wrong, in the service's own form.

    Args:
        service: s3, dynamodb, kms, sts or iam.
        error: what went wrong.
        request: the head of the request.
        request_id: to put into the response.
        host_id: S3's second identifier, `x-amz-id-2`.
        resource: the path that an S3 error names.
    """
    model = model_of(service)
    if model.protocol == "rest-xml":
        return rest_xml.serialize_error(error, request, request_id, host_id, resource)
    if model.protocol == "json":
        return json_rpc.serialize_error(model, error, request_id)
    return query.serialize_error(model, error, request_id)
