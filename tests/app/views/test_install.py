from app.application import app
from app.views import install
from app.views.server import Web


def test_the_app_serves_with_our_web() -> None:
    assert install.Web is Web
    assert isinstance(app.web, Web)
