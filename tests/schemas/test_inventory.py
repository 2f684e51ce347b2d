from schemas.bundled import BUNDLED, INVENTORY_EVENT
from schemas.inventory import InventoryEvent


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def test_fields_follow_the_schema() -> None:
    assert [camel(name) for name in InventoryEvent._fields] == [f["name"] for f in BUNDLED[INVENTORY_EVENT]["fields"]]
