from app.engine.decode.registry import BundledRegistry, RegistryUnavailable
from schemas.bundled import BUNDLED


def test_the_bundled_schemas_are_all_there_is() -> None:
    registry = BundledRegistry()
    assert [registry.writer_schema(schema_id) for schema_id in range(7)] == [None, *BUNDLED.values(), None]


def test_unavailable_says_what_was_asked() -> None:
    error = RegistryUnavailable(7)
    assert (error.schema_id, error.record) == (7, 0)
    assert "7" in str(error)


def test_what_we_write_has_its_bundled_id() -> None:
    assert BundledRegistry().output_id("payment-completed-value") == 5


def test_an_id_of_ours_may_be_missing_too() -> None:
    assert "what we write" in str(RegistryUnavailable(None))
