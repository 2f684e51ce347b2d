from pathlib import Path

import pytest

from app.settings import PREFIX, Settings, load


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(monkeypatch: pytest.MonkeyPatch, **said: str) -> Settings:
    for name, value in said.items():
        monkeypatch.setenv(PREFIX + name, value)
    return load()


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **said: str) -> str:
    with pytest.raises(SystemExit) as exit:
        loaded(monkeypatch, **said)
    assert exit.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_defaults_without_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch)
    assert (settings.broker, settings.guarantee, settings.replication_factor) == ("embedded", "at_least_once", 1)
    assert (settings.web_host, settings.web_port, settings.web_url) == ("127.0.0.1", 6066, None)
    assert (settings.api_tokens, settings.standbys, settings.low_stock_max) == ((), 1, 20)
    assert settings.data_dir == Path(".stayshelf")
    assert settings.min_insync_replicas == 1


def test_defaults_on_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, BROKER="kafka://a:9092,[::1]:9093")
    assert (settings.guarantee, settings.replication_factor, settings.min_insync_replicas) == ("exactly_once", 3, 2)


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, WEB_PORT="", API_TOKENS="", INSTANCE_ID="", BROKER="").web_port == 6066


def test_tokens_are_split_at_commas_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, API_TOKENS="one, two==")
    assert settings.api_tokens == ("one", "two==")
    assert "two" not in repr(settings)


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STAYSHELF_WEB_PORT=1234\nSTAYSHELF_STANDBYS=2\nOTHER=x\n")
    settings = loaded(monkeypatch, STANDBYS="0")
    assert (settings.web_port, settings.standbys) == (1234, 0)


@pytest.mark.parametrize("name", ["WEBPORT", "FOO", "TESTS"])
def test_an_unknown_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    err = refusal(monkeypatch, capsys, **{name: "1"})
    assert f"{PREFIX}{name}: there is no such setting" in err
    assert "STAYSHELF_BROKER" in err


def test_an_unknown_setting_of_the_env_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("STAYSHELF_BROKR=embedded\n")
    assert "STAYSHELF_BROKR" in refusal(monkeypatch, capsys)


def test_settings_of_tests_are_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, TEST_ANYTHING="x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BROKER", "redis://x:1"),
        ("BROKER", "kafka://"),
        ("BROKER", "kafka://host"),
        ("BROKER", "kafka://host:0"),
        ("BROKER", "kafka://host:65536"),
        ("BROKER", "kafka://a:1,,b:2"),
        ("GUARANTEE", "maybe_once"),
        ("GUARANTEE", "exactly_once"),
        ("REPLICATION_FACTOR", "0"),
        ("REPLICATION_FACTOR", "three"),
        ("SCHEMA_REGISTRY", "ftp://x"),
        ("WEB_HOST", "not a host"),
        ("WEB_PORT", "0"),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "6066.5"),
        ("WEB_URL", "worker:6066"),
        ("WEB_URL", "http://worker/path"),
        ("API_TOKENS", "a,,b"),
        ("API_TOKENS", "two words"),
        ("API_OPEN", "perhaps"),
        ("STANDBYS", "-1"),
        ("LOW_STOCK_MAX", "-1"),
        ("INSTANCE_ID", "a b"),
        ("SECURITY_PROTOCOL", "TLS"),
        ("SASL_MECHANISM", "GUESS"),
        ("SSL_TRUSTSTORE_LOCATION", "missing.pem"),
        ("SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", "http"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    err = refusal(monkeypatch, capsys, **{name: value})
    assert err.startswith(f"stayshelf: {PREFIX}{name}: ")
    assert "allowed: " in err


@pytest.mark.parametrize("name", ["API_TOKENS", "SASL_JAAS_CONFIG"])
def test_a_refused_secret_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    said = {name: "very secret", "SECURITY_PROTOCOL": "SASL_SSL"}
    assert "very secret" not in refusal(monkeypatch, capsys, **said)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_an_open_api_is_fine_on_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert loaded(monkeypatch, WEB_HOST=host).open_api_refusal(host) is None


def test_an_open_api_elsewhere_must_be_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    err = refusal(monkeypatch, capsys, WEB_HOST="0.0.0.0")
    assert "STAYSHELF_API_TOKENS" in err
    assert "STAYSHELF_API_OPEN=true" in err
    assert loaded(monkeypatch, WEB_HOST="0.0.0.0", API_OPEN="true").api_open
    assert loaded(monkeypatch, WEB_HOST="0.0.0.0", API_OPEN="false", API_TOKENS="t").api_tokens == ("t",)


def test_credentials_come_from_either_way_kafka_clients_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "SASL_USERNAME" in refusal(monkeypatch, capsys, SECURITY_PROTOCOL="SASL_PLAINTEXT", SASL_USERNAME="u")
    assert loaded(monkeypatch, SASL_PASSWORD="p").credentials == ("u", "p")
    monkeypatch.delenv("STAYSHELF_SASL_PASSWORD")
    jaas = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="b c";'
    assert loaded(monkeypatch, SASL_JAAS_CONFIG=jaas).credentials == ("a", "b c")


@pytest.mark.parametrize(
    ("said", "url"),
    [({}, "http://10.0.0.1:80"), ({"WEB_URL": "https://w.example:1/"}, "https://w.example:1")],
)
def test_the_url_others_reach_this_worker_by(monkeypatch: pytest.MonkeyPatch, said: dict[str, str], url: str) -> None:
    settings = loaded(monkeypatch, **said)
    assert settings.url_of("10.0.0.1", 80) == url
    assert settings.web_url or settings.url_of("::1", 80) == "http://[::1]:80"
