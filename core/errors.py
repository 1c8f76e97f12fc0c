"""Typed refusals. Faces translate them once: `core.api.errors` for the API, `core.console` for the admin."""

from typing import Any, ClassVar


class FlowError(Exception):
    """A flow refused; nothing was written.

    :ivar field: the input at fault, where one is.
    :ivar params: values a face may show or link (an id of the object in the way).
    """

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"

    def __init__(self, message: str, *, field: str = "", **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.params = params


class Invalid(FlowError):
    """An input is wrong by itself, whatever the state of things."""

    status = 400
    code = "invalid"


class Forbidden(FlowError):
    """The actor sees the thing and may not do this with it."""

    status = 403
    code = "forbidden"


class NotVisible(FlowError):
    """There is no such thing for this actor."""

    status = 404
    code = "not_found"


class Conflict(FlowError):
    """A natural key is taken; `params["id"]` is the object there."""

    code = "exists"


class Stale(FlowError):
    """Somebody else changed it since it was read."""

    status = 412
    code = "stale"


class InUse(FlowError):
    """It cannot be deleted while something uses it; disable it instead."""

    code = "in_use"


class KeyReused(FlowError):
    """An idempotency key came again with another body."""

    status = 422
    code = "idempotency_key_reused"
