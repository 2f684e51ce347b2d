from typing import Any

import pytest
import schemathesis

from app.views.openapi import document


@pytest.mark.parametrize("protected", [True, False])
def test_the_document_is_openapi(protected: bool) -> None:
    schemathesis.openapi.from_dict(document(20, protected)).validate()


async def test_tokens_are_asked_for_where_they_are_set(one: Any) -> None:
    open_api = (await one.get("/openapi.json")).json
    assert {} in open_api["paths"]["/v1/low-stock"]["get"]["security"]
    one.workers[0].settings.api_tokens = ("t",)
    protected = (await one.get("/openapi.json")).json
    assert protected["paths"]["/v1/low-stock"]["get"]["security"] == [{"token": []}]
    assert "security" not in protected["paths"]["/health/live"]["get"]
    assert protected["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_what_a_setting_limits_is_described_with_it() -> None:
    low_stock = document(7, False)["paths"]["/v1/low-stock"]["get"]
    threshold = next(each for each in low_stock["parameters"] if each["name"] == "threshold")
    assert threshold["schema"]["maximum"] == 7


def test_fields_go_by_their_own_names() -> None:
    row = document(20, False)["components"]["schemas"]["StockItem"]
    assert "title" not in row["properties"]["itemId"]
    assert {"itemId", "onHand", "asOf"} <= set(row["required"])
