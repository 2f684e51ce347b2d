"""/docs: the OpenAPI description as a page to read, drawn here, with a form to try each path."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from aiohttp import web

from app.views.assets import Asset, sent
from app.views.openapi import document
from app.views.worker import WORKER

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>stayshelf API</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/look.css">
<link rel="stylesheet" href="/assets/docs.css">
<script src="/assets/theme.js"></script>
<script src="/assets/docs.js" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the paths</a>
<header class="top"><a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28">stayshelf</a>
<p class="dim">API, <a href="/openapi.json">OpenAPI {version}</a></p>
<button id="theme" type="button" class="quiet" aria-label="Colours"><span aria-hidden="true">◐</span></button></header>
<main id="main" class="docs">
<h1>API</h1>
<p class="about">{about}</p>
{token}
{tags}
<section><h2>Answers</h2>{schemas}</section>
</main>
</body>
</html>
"""
_TOKEN = """<form id="token-form" class="token"><label for="token-value">Token, for the forms on this page</label>
<input id="token-value" type="password" autocomplete="current-password"><button type="submit">Use it</button></form>"""


async def page(request: web.Request) -> web.Response:
    """The description of this worker, for people."""
    settings = request.app[WORKER].settings
    return sent(request, _drawn(settings.low_stock_max, bool(settings.api_tokens)))


@lru_cache(maxsize=4)
def _drawn(low_stock_max: int, protected: bool) -> Asset:
    told = document(low_stock_max, protected)
    body = _PAGE.format(
        version=told["openapi"],
        about=escape(told["info"]["description"]).replace("\n\n", "</p><p class='about'>"),
        token=_TOKEN if protected else "",
        tags="".join(_tag(tag, told["paths"]) for tag in told["tags"]),
        schemas="".join(_schema(name, schema) for name, schema in sorted(told["components"]["schemas"].items())),
    ).encode()
    return Asset(body, "text/html; charset=utf-8", f'"{hashlib.sha256(body).hexdigest()[:16]}"')


def _tag(tag: dict[str, str], paths: dict[str, Any]) -> str:
    inside = [_operation(path, told["get"]) for path, told in paths.items() if tag["name"] in told["get"]["tags"]]
    title = f"<h2>{escape(tag['name'].capitalize())}</h2><p class='dim'>{escape(tag['description'])}</p>"
    return f"<section>{title}{''.join(inside)}</section>" if inside else ""


def _operation(path: str, told: dict[str, Any]) -> str:
    answers = "".join(
        f"<li><b>{status}</b> {escape(answer['description'])} {_content(answer)}</li>"
        for status, answer in told["responses"].items()
    )
    return (
        f"<details class='operation' id='{told['operationId']}'>"
        f"<summary><code>GET {escape(path)}</code><span>{escape(told['summary'])}</span></summary>"
        f"<form data-path='{escape(path)}'>{''.join(map(_field, told['parameters']))}"
        f"<button type='submit'>Ask</button></form><pre tabindex='0' aria-label='Answer' hidden></pre>"
        f"<ul class='answers'>{answers}</ul></details>"
    )


def _field(parameter: dict[str, Any]) -> str:
    name, schema = parameter["name"], parameter["schema"]
    kind = {"integer": "number"}.get(schema["type"], "date" if schema.get("format") == "date" else "text")
    limits = "".join(
        f" {ours}='{schema[theirs]}'"
        for ours, theirs in (("min", "minimum"), ("max", "maximum"), ("maxlength", "maxLength"))
        if theirs in schema
    )
    required = " required" if parameter["required"] else ""
    return (
        f"<label><span><code>{name}</code>{' (needed)' if required else ''}</span>"
        f"<input name='{name}' type='{kind}' data-in='{parameter['in']}'{limits}{required}"
        f" placeholder='{schema.get('default', '')}'><small>{escape(parameter['description'])}</small></label>"
    )


def _content(answer: dict[str, Any]) -> str:
    kind, body = next(iter(answer["content"].items()))
    return f"<code>{escape(kind)}</code> {_type(body.get('schema', {}))}"


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{_type(told)}</td>"
        f"<td>{escape(told.get('description', ''))}</td></tr>"
        for field, told in schema.get("properties", {}).items()
    )
    about = escape(schema.get("description", ""))
    title = f"<summary><code>{name}</code><span>{about}</span></summary>"
    return f"<details class='operation' id='{name}'>{title}<table>{rows}</table></details>"


def _type(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words, with links to what it names."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return _either(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return _either(escape(str(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    return escape(schema.get("format") or schema.get("type", ""))


def _either(texts: Iterable[str]) -> str:
    return " or ".join(texts)
