"""/: a page of links, until there is more to see."""

from aiohttp import web

from app.views.responses import answer

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_LINKS = ("/v1/topology", "/v1/low-stock?threshold=5", "/health/live", "/health/ready", "/metrics", "/schemas/ids/1")
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>stayshelf</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.6 system-ui; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}
</style>
<h1>stayshelf</h1>
<p>Live stock of every store and live availability of every hotel. This worker answers for all of them:</p>
<ul>{links}</ul>
</html>
"""


async def page(_request: web.Request) -> web.Response:
    """The page, with nothing in it that is fetched from elsewhere."""
    links = "".join(f'<li><a href="{link}">{link}</a></li>' for link in _LINKS)
    body = _PAGE.format(links=links).encode()
    return answer(body, "text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})
