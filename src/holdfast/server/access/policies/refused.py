"""Why a policy is not taken."""

_LONGEST = 300  # characters; a policy may hold a name as long as itself


class PolicyRefused(ValueError):
    """A policy that cannot be evaluated exactly as it says. The message names what is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(message[:_LONGEST])
