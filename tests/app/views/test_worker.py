from app.application import App
from app.views.worker import Worker


def test_the_app_is_what_the_views_ask_of_a_worker() -> None:
    asked = {name for name in vars(Worker) if not name.startswith("_")}
    # These are set when an app is made.
    assert {name for name in asked if not hasattr(App, name)} <= {"settings", "observer", "agents", "tables"}
