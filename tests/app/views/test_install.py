import importlib

from app.application import app
from app.views.server import Web


def test_the_app_serves_with_our_web() -> None:
    importlib.import_module("app.views.install")
    assert isinstance(app.web, Web)
