import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine.idempotent import IdempotentProducer


@pytest.mark.parametrize("broker", ["tansu", "kafka"])
async def test_has_a_producer_id_on_either_broker(broker: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(broker)
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic("idempotent", 1, 1)])
    producer = IdempotentProducer(bootstrap_servers=address)
    await producer.start()
    assert producer._txn_manager.has_pid()
    sent = [await producer.send("idempotent", b"%d" % n, partition=0) for n in range(2_000)]
    offsets = [(await one).offset for one in sent]
    assert offsets == list(range(offsets[0], offsets[0] + 2_000))
    await producer.stop()
    await admin.close()
