from typing import Any

import pytest

from app.views.live.fleet_figures import BOUNDS, GONE, UP, Recent, fleet_history, fleet_now

A, B = "http://a", "http://b"


def figures(url: str, at: int, consumed: int, **more: Any) -> Any:
    latency = [0] * (len(BOUNDS) + 1)
    latency[0] = consumed
    plain = {"applied": 0, "duplicates": 0, "ignored": 0, "retries": 0, "lateDropped": 0}
    gauges = {"negativeStockRows": 0, "overbookedNights": 0, "restoring": {}, "copies": [], "deadLetters": []}
    return {
        "url": url, "at": at, "inTouch": True, "consumed": {"t": consumed}, "latency": latency,
        **plain, **gauges, **more,
    }  # fmt: skip


def copy(partition: int, role: str, *, lag: int = 0, ready: bool = True) -> Any:
    return {"group": "payments", "partition": partition, "role": role, "ready": ready, "lag": {"payment-events": lag}}


def test_a_rate_is_what_came_between_a_workers_own_times() -> None:
    recent = Recent()
    recent.add([figures(A, 1_000, 100)])
    assert recent.per_second(A) == {}
    recent.add([figures(A, 3_000, 200)])
    assert recent.per_second(A) == {"t": pytest.approx(50)}
    assert recent.latency() == {"p50": pytest.approx(0.005), "p99": pytest.approx(0.0099)}


def test_a_restarted_worker_begins_anew_and_a_silent_one_is_forgotten() -> None:
    recent = Recent()
    recent.add([figures(A, 1_000, 100), figures(B, 1_000, 5)])
    recent.add([figures(A, 2_000, 7), figures(B, 2_000, 6)])
    assert recent.per_second(A) == {}
    assert recent.per_second(B) == {"t": pytest.approx(1)}
    recent.add([figures(A, 3_000, 9)])
    assert recent.per_second(B) == {}


def test_the_fleet_is_the_sum_of_its_workers() -> None:
    letters = [{"topic": "t", "reason": "r", "count": 2}]
    found = [
        figures(A, 1, 10, applied=4, deadLetters=letters, copies=[copy(0, "active", lag=3), copy(1, "standby")]),
        figures(B, 1, 5, applied=1, deadLetters=letters, copies=[copy(1, "active", ready=False)]),
    ]
    now = fleet_now(9, A, {A: UP, B: UP, "http://c": GONE}, figures=found, recent=Recent())
    assert (now["totals"]["applied"], now["totals"]["consumed"], now["totals"]["deadLetters"]) == (5, 15, 4)
    assert now["deadLetters"] == [{"topic": "t", "reason": "r", "count": 4}]
    first, second, third, *_ = now["partitions"]["payments"]
    assert first == {"active": 0, "standbys": [], "ready": True, "lag": 3}
    assert second == {"active": 1, "standbys": [0], "ready": False, "lag": 0}
    assert third == {"active": None, "standbys": [], "ready": False, "lag": None}
    assert [worker["state"] for worker in now["workers"]] == [UP, UP, GONE]
    assert [(worker["active"], worker["standby"], worker["notReady"]) for worker in now["workers"]] == [
        (1, 1, 0), (1, 0, 1), (0, 0, 0),
    ]  # fmt: skip


def test_an_owner_out_of_touch_gives_way_to_one_in_touch() -> None:
    stale = figures(B, 1, 0, inTouch=False, copies=[copy(0, "active", lag=99)])
    owner = figures(A, 1, 0, copies=[copy(0, "active", lag=1)])
    for found in ([stale, owner], [owner, stale]):
        now = fleet_now(9, A, {A: UP, B: UP}, figures=found, recent=Recent())
        assert now["partitions"]["payments"][0]["lag"] == 1


def test_steps_of_all_workers_are_added_up() -> None:
    some = [0] * (len(BOUNDS) + 1)
    some[1] = 4
    of_a = {"url": A, "stepSeconds": 10, "steps": [{"at": 10, "consumed": 50, "latency": []}]}
    of_b = {"url": B, "stepSeconds": 10, "steps": [
        {"at": 10, "consumed": 10, "latency": []}, {"at": 20, "consumed": 1, "latency": some},
    ]}  # fmt: skip
    found = fleet_history([of_a, of_b])  # type: ignore[list-item]
    assert (found["at"], found["perSecond"]) == ([10, 20], [6.0, 0.1])
    assert found["p50"] == [None, pytest.approx(0.0175)]
