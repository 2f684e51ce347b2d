import re

from app.views.operations import IDS, operations
from app.views.server import ROUTES

#: Pages and their parts, for people.
PAGES = {"/", "/docs", "/assets/{name}"}


def test_every_path_is_described() -> None:
    served = {re.sub(r":[^}]*", "", path) for path, _ in ROUTES} - PAGES
    assert served == set(operations(20))


def test_names_are_one_of_a_kind() -> None:
    names = [operation.name for operation in operations(20).values()]
    assert len(names) == len(set(names))


def test_every_id_says_what_it_is() -> None:
    for path in operations(20):
        for name in re.findall(r"\{(\w+)\}", path):
            assert any(path.startswith(place) or place == f"{{{name}}}" for place in IDS), path
