import pytest

from app.commands.progress import bar


def test_the_bar_shows_how_far_the_work_came(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with bar("working", 10) as advance:
        advance(4)
        advance(10, said="all of it")
    with bar("reading", 1_000, counted=False) as advance:
        advance(1_000)
    shown = capsys.readouterr()
    assert shown.out == ""
    first, second = shown.err.splitlines()[-2:]
    assert "working" in first
    assert "100%" in first
    assert "10/10" in first
    assert "all of it" in first
    assert "1000/1000" not in second
