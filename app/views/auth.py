"""Bearer tokens for /v1: who may ask. Without configured tokens the API is open, which the settings had to allow."""

import hmac

from aiohttp import web

from app.views.responses import Problem
from app.views.worker import WORKER

_SCHEME = "bearer"


def check(request: web.Request) -> None:
    """Raise a 401 Problem where the path needs a token and none of ours came with the request."""
    tokens = request.app[WORKER].settings.api_tokens
    if tokens and _protected(request.path) and not _known(request.headers.get("Authorization", ""), tokens):
        raise Problem(401, "a bearer token is needed", headers={"WWW-Authenticate": 'Bearer realm="stayshelf"'})


def _protected(decoded_path: str) -> bool:
    # The decoded path: %2Fv1 and %76%31 must not be a way around, whatever the router makes of them.
    return decoded_path == "/v1" or decoded_path.startswith("/v1/")


def _known(header: str, tokens: tuple[str, ...]) -> bool:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != _SCHEME:
        return False
    token = given.strip().encode("utf-8", "surrogateescape")
    # All tokens are compared, each in constant time: the time taken tells nothing about which one nearly matched.
    return sum(hmac.compare_digest(token, known.encode()) for known in tokens) > 0
