"""Why bootstrap does not do what it was asked for."""

from holdfast.client.errors import HoldfastError


class Refused(HoldfastError):
    """It would touch what belongs to somebody else, or remove what still holds something."""


class NotAvailable(HoldfastError):
    """The endpoint does not have what was asked for, and there is no going on without it."""
