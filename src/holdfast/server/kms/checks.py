"""Ranges that are narrower than AWS's service model says; the rest was checked against the model."""

from holdfast.aws.errors import ServiceError


def check_range(member: str, value: int, least: int, most: int) -> int:
    """Return the number if it lies in the range, both ends included.

    Args:
        member: AWS's name of the member, with a small first letter.
        value: what was sent.
        least: the lowest number allowed.
        most: the highest number allowed.

    Raises:
        ServiceError: ValidationException, in AWS's words.
    """
    if least <= value <= most:
        return value
    bound = (
        f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
    )
    raise ServiceError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must have value {bound}",
    )
