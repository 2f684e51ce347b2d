from app.delivery.duplicates import DuplicateIndex, digest
from app.engine.changelog import POSITION_KEY, Position, SourcePosition, ids_key
from app.engine.pending import Pending


def test_it_is_something_once_a_unit_is_finished() -> None:
    pending = Pending()
    assert not pending
    pending.offsets["inventory-events"] = 0
    assert pending


def test_rows_come_first_then_ids_then_the_position() -> None:
    pending = Pending()
    pending.rows = {b"sB": b"2", b"sA": b"1"}
    pending.expired = [4]
    pending.times, pending.digests = [10, 11], [digest(b"e1"), digest(b"e2")]
    pending.position = Position({"inventory-events": SourcePosition(2, 11)}, {}, 8)
    records = pending.records()
    assert [key for key, _ in records] == [b"sB", b"sA", ids_key(4), ids_key(7), POSITION_KEY]
    assert records[2][1] is None
    index = DuplicateIndex()
    index.load([records[3][1] or b""])
    assert index.older([digest(b"e1"), digest(b"e2")]) == {digest(b"e1"): 10, digest(b"e2"): 11}
    assert Position.decode(records[-1][1]) == pending.position
    assert pending.records() is records


def test_without_ids_the_position_is_told_all_the_same() -> None:
    pending = Pending()
    assert pending.records() == [(POSITION_KEY, pending.position.encode())]
