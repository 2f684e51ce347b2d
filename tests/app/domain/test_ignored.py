from app.domain.ignored import Ignored


def test_reasons_are_those_of_the_metric() -> None:
    assert {str(reason) for reason in Ignored} == {
        "stale-count",
        "late-state",
        "final-state",
        "not-an-amendment",
        "stale-allotment",
        "lower-rank",
    }
