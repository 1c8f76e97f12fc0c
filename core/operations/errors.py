"""How a performer says what went wrong. The message is shown to operators: plain words, no secret."""


class OperationError(Exception):
    """An anticipated failure at a vendor."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Transient(OperationError):
    """It may work later: down, slow, unreachable."""


class RateLimited(Transient):
    """The vendor asks to wait.

    :ivar retry_after: seconds.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(OperationError):
    """It will not work until somebody mends something; the message is the vendor's, in plain words."""


class NotConfigured(Permanent):
    """The plugin lacks something to work with."""
