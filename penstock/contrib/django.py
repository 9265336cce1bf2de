"""Correlation IDs for Django: requests, streaming responses and management commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._runtime.context import ContextBinding, current_run
from penstock._runtime.generators import async_generator, drive
from penstock._runtime.runs import Run
from penstock._util.optional_imports import needed
from penstock.contrib._http_policy import EXPOSE, Policy
from penstock.errors import did_you_mean, near_names

with needed("django", "penstock[django]"):
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management.base import BaseCommand
    from django.http import FileResponse
    from django.utils.log import log_response

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async  # a dependency of Django

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from penstock.contrib._http_policy import Service

SETTINGS = {"HEADER": "header", "TRACEPARENT": "traceparent", "TRUST": "trust", "EXPOSE": "expose"}


_BAD = 400
"""The lowest status code of responses that Django logs."""


class FlowMiddleware:
    """Makes each request a run, and sends its correlation ID in the response, including error responses.

    Put it first in ``MIDDLEWARE``. Works under WSGI and ASGI, with sync and async views. The setting ``PENSTOCK``
    is a dictionary of ``HEADER``, ``TRACEPARENT``, ``TRUST`` and ``EXPOSE``, all optional.

    Args:
        get_response: The callable that Django passes to a middleware.

    Raises:
        ImproperlyConfigured: The setting ``PENSTOCK`` is wrong.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self._policy = _policy()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Serve one request."""
        place = getattr(request, "scope", request.META)  # META is the environ under WSGI only
        service = self._policy.serve(place, request.headers, request.META.get("REMOTE_ADDR"), request)
        if self._is_async:
            return self._answer_later(request, service)
        with service as penstock_run:  # noqa: F841 - for those who read the traceback
            response = self.get_response(request)
            if response.status_code >= _BAD:
                _log(request, response)
        return self._complete(response, service)

    async def _answer_later(self, request: Any, service: Service) -> Any:
        with service as penstock_run:  # noqa: F841 - for those who read the traceback
            response = await self.get_response(request)
            if response.status_code >= _BAD:
                await sync_to_async(_log, thread_sensitive=False)(request, response)  # handlers may block
        return self._complete(response, service)

    def _complete(self, response: Any, service: Service) -> Any:
        response.headers.setdefault(self._policy.header, service.first.id)
        expose_value = self._policy.expose_headers_value(response.headers.get(EXPOSE))
        if expose_value is not None:
            response.headers[EXPOSE] = expose_value
        if response.streaming and not isinstance(response, FileResponse):
            response.streaming_content = _stream_in_run(response, service)
            _close_in(service, response)
        else:
            service.close()
        return response


def _log(request: Any, response: Any) -> None:
    """Log an error response as Django does outside all middleware, where no run is current; only once."""
    log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)


def _stream_in_run(response: Any, service: Service) -> Any:
    """Return the response's content, produced in the run piece by piece."""
    content = response.streaming_content

    def pieces() -> Iterator[bytes]:
        """Yield the chunks of the response."""
        yield from content

    async def pieces_later() -> AsyncIterator[bytes]:
        """Yield the chunks of the asynchronous response."""
        async for piece in content:
            yield piece

    if response.is_async:
        return async_generator(pieces_later, service.again)()

    def driven() -> Iterator[bytes]:
        """Yield the chunks, each made in the run."""
        yield from drive(pieces(), service.again())

    return driven()


def _close_in(service: Service, response: Any) -> None:
    """Close a response in the run: Django closes objects of the view first."""
    close = response.close

    def close_in_run() -> None:
        """Close the response in the run, then mark the request as served."""
        vars(response).pop("close", None)  # it holds the response that holds it
        with service.again() as penstock_run:  # noqa: F841 - for those who read the traceback
            close()
        service.close()

    response.close = close_in_run


def _policy() -> Policy:
    options = getattr(settings, "PENSTOCK", {})
    if not isinstance(options, dict):
        raise ImproperlyConfigured(f"PENSTOCK is a dictionary of {', '.join(SETTINGS)}, not {options!r}")
    for name in options:
        if name not in SETTINGS:
            hint = did_you_mean(near_names(str(name), SETTINGS)) or f" There are {', '.join(SETTINGS)}."
            raise ImproperlyConfigured(f"PENSTOCK has no {name!r}.{hint}")
    try:
        return Policy(**{SETTINGS[name]: value for name, value in options.items()})
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"PENSTOCK: {error}") from error


class FlowCommand(BaseCommand):  # type: ignore[misc] # Django has no types
    """A management command that is a run of its own, named after the command; inside a run, it joins it.

    Use it in place of ``BaseCommand``. A command whose ``handle`` is an entrypoint does not need it.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command as Django does, in a run."""
        if current_run.get() is not None:
            return super().execute(*args, **options)
        run = Run(type(self).__module__.rpartition(".")[2])
        with ContextBinding(run) as penstock_run:  # noqa: F841 - for those who read the traceback
            return super().execute(*args, **options)
