"""The flow ``user_update``: users change their address themselves, or an administrator does."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from parts.store import UnknownUserError
from parts.web import Response
from penstock import entrypoint, flow, step

if TYPE_CHECKING:
    from parts.store import Store
    from parts.web import Request

log = logging.getLogger(__name__)

user_update = flow(
    "user_update",
    title="User update",
    description="Changes a user's address; both ways in share one step.",
)


@user_update
@entrypoint(trigger="POST /users/{id}")
def handle_api_request(request: Request, store: Store) -> Response:
    """Take a change from the user.

    Args:
        request: The path ends in the user's number; the body has the new address under ``email``.
        store: The application's database.

    Returns:
        200 if the address was changed, 400 if it is none, 404 if there is no such user.
    """
    user = request.path.removeprefix("/users/")
    log.info("user %s asks for a new address", user)
    try:
        process_user_update(int(user), request.body["email"], store)
    except UnknownUserError as error:
        return Response(HTTPStatus.NOT_FOUND, {"error": str(error)})
    except (KeyError, TypeError, ValueError) as error:
        return Response(HTTPStatus.BAD_REQUEST, {"error": str(error)})
    return Response(HTTPStatus.OK, {"user": int(user)})


@user_update
@entrypoint(trigger="admin:users")
def handle_admin_action(user_id: int, email: str, store: Store) -> None:
    """Take a change from an administrator.

    Args:
        user_id: The user's number.
        email: The new address.
        store: The application's database.
    """
    log.info("user %d gets a new address", user_id)
    process_user_update(user_id, email, store)


@user_update
@step(after=["handle_api_request", "handle_admin_action"], effects=["sqlite:users"])
def process_user_update(user_id: int, email: str, store: Store) -> None:
    """Check the new address and store it.

    Args:
        user_id: The user's number.
        email: The new address.
        store: The application's database.

    Raises:
        ValueError: The address has no ``@``.
        UnknownUserError: There is no such user.
    """
    if "@" not in email:
        message = f"{email!r} is no address"
        raise ValueError(message)
    store.set_email(user_id, email)
    log.info("user %d has a new address", user_id)
