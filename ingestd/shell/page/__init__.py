"""The page at `/`: three files, served as they are, under a policy that lets them load nothing but themselves and ask nobody
but this service. It shows numbers, the names of settings, and where logs come from (bucket and prefix);
never a line or a whole key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

from ingestd.config import HttpSettings

__all__ = ["guarded", "page_routes"]

Handler = Callable[[web.Request], Awaitable[web.Response]]

_FILES = {"/": ("page.html", "text/html"), "/page.css": ("page.css", "text/css"), "/page.js": ("page.js", "text/javascript")}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_ASK = {"www-authenticate": 'Basic realm="ingestd", charset="UTF-8"'}


def page_routes(settings: HttpSettings) -> list[web.RouteDef]:
    """The routes of the page; none if it is off."""
    return [web.get(path, guarded(settings, _file(*each))) for path, each in _FILES.items()] if settings.page else []


def guarded(settings: HttpSettings, handler: Handler) -> Handler:
    """The handler behind the user's name and password, if the settings have them."""
    if settings.username is None or settings.password is None:
        return handler
    wanted = _digest(f"{settings.username}:{settings.password.get_secret_value()}".encode())

    async def ask(request: web.Request) -> web.Response:
        if not hmac.compare_digest(_digest(_given(request.headers.get("authorization", ""))), wanted):
            return web.Response(status=401, text="who is it?\n", headers=_ASK)
        return await handler(request)

    return ask


def _given(header: str) -> bytes:
    """Name and password as they were sent; nothing where they are not to be read, which fits nobody."""
    scheme, _, encoded = header.partition(" ")
    try:
        return base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        return b""


def _digest(given: bytes) -> bytes:
    """Of one length whatever was given, so that the time of comparing tells nothing."""
    return hashlib.sha256(given).digest()


def _file(name: str, kind: str) -> Handler:
    body = files(__package__).joinpath(name).read_bytes()

    async def give(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=_HEADERS)

    return give
