"""/ and /assets: the dashboard's page and its parts, from the package, read once; nothing is fetched from elsewhere."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from app.views.responses import Problem, answer

#: Everything comes from this worker; no script or style stands in the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FOLDER = Path(__file__).with_name("dashboard")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


class Asset(NamedTuple):
    """A file as it is sent; the tag changes with its content."""

    body: bytes
    content_type: str
    tag: str


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, _TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:16]}"')


ASSETS = {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


async def page(request: web.Request) -> web.Response:
    """The dashboard."""
    return sent(request, ASSETS["page.html"])


async def asset(request: web.Request) -> web.Response:
    """One of its parts."""
    found = ASSETS.get(request.match_info["name"])
    if found is None:
        raise Problem(404, "there is no such part of the page")
    return sent(request, found)


def sent(request: web.Request, found: Asset) -> web.Response:
    """An asset, or 304 where the browser has it; it asks each time, so a newer worker's page is never mixed with it."""
    headers = {
        "Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": found.tag,
        "Referrer-Policy": "no-referrer",
    }  # fmt: skip
    fresh = found.tag in request.headers.get("If-None-Match", "")
    return answer(b"" if fresh else found.body, found.content_type, status=304 if fresh else 200, headers=headers)
