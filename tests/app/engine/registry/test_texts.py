"""What is read of a registry's answer."""

from typing import Any

import pytest

from app.engine.registry.client import ANSWER_BYTES_MAX, RegistryClient, RegistryDown
from app.engine.registry.texts import TEXT_BYTES_MAX, UNREADABLE, parsed, writer_text
from tests.app.engine.registry.stand_in import StandIn


async def asked(answer: tuple[int, Any] | None) -> str | None:
    async with StandIn() as stand_in:
        if answer is not None:
            stand_in.answers["GET", "/schemas/ids/9"] = answer
        client = RegistryClient(stand_in.url)
        try:
            return await writer_text(client, 9)
        finally:
            await client.close()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (None, None),
        ((200, {"schema": '"int"'}), '"int"'),
        ((200, {"schema": '"int"', "schemaType": "AVRO", "references": []}), '"int"'),
        ((200, {"schema": "message M {}", "schemaType": "PROTOBUF"}), ""),
        ((200, {"schema": '"int"', "references": [{"name": "N"}]}), ""),
        ((200, b" " * (ANSWER_BYTES_MAX + 1)), ""),
    ],
    ids=["none", "avro", "said to be avro", "protobuf", "references", "large"],
)
async def test_the_text_of_an_answer(answer: tuple[int, Any] | None, text: str | None) -> None:
    assert await asked(answer) == text


@pytest.mark.parametrize("answer", [(200, {}), (200, {"schema": 5}), (404, {"error_code": 404}), (500, b"")])
async def test_what_is_no_answer(answer: tuple[int, Any]) -> None:
    with pytest.raises(RegistryDown):
        await asked(answer)


@pytest.mark.parametrize("text", ["", "null", "{", '"' + "x" * TEXT_BYTES_MAX + '"'], ids=repr)
def test_what_is_no_schema(text: str) -> None:
    assert parsed(text) is UNREADABLE


def test_a_schema() -> None:
    assert parsed('{"type": "int"}') == {"type": "int"}
