"""The machine. `faust -A app` finds the App here; it is made when asked for, so that parts can be imported alone."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from app.application import app

    return app
