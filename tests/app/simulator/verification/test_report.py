from app.simulator.verification.report import Report


def test_a_stray_key_is_kept_once() -> None:
    report = Report()
    for _ in range(2):
        report.stray("payment-events", 1, b"P1", belongs=2)
    assert report.strays == {("payment-events", 1, b"P1"): 2}
    assert Report().strays == {}
