"""A batch of one topic's records, read in columns, for the tests of what is made of such batches."""

import numpy as np

from app.engine.decode.columns import Batch, column_steps, read_batch
from app.engine.decode.cursor import Ints
from app.engine.decode.resolve import plan
from app.engine.decode.sources import SOURCES
from app.engine.decode.wire import joined
from schemas.bundled import BUNDLED
from tests.app.engine.decode.records import Record


def flat_batch(topic: str, records: list[Record]) -> tuple[Batch, list[bytes | None], Ints]:
    """The batch, the keys and the timestamps of records that are all of one bundled schema and fit it."""
    content, (group,) = joined([record.value for record in records])
    reader = SOURCES[topic].reader
    steps = column_steps(plan(BUNDLED[group.schema_id], reader), reader)
    assert steps is not None
    batch, good = read_batch(content, group.starts, ends=group.ends, steps=steps, width=len(reader.fields))
    assert good.all()
    timestamps = np.array([record.timestamp for record in records], np.int64)
    return batch, [record.key for record in records], timestamps
