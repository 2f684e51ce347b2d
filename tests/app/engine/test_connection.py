import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.engine.connection import client_options
from app.settings import Refused, Settings


def options(**said: Any) -> dict[str, Any]:
    return client_options(Settings(broker="kafka://a:1,b:2", **said))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    both = tmp_path / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "1"]
    subprocess.run(
        [*command, "-keyout", str(both), "-out", str(tmp_path / "cert.pem")], check=True, capture_output=True
    )
    both.write_text(both.read_text() + (tmp_path / "cert.pem").read_text())
    return both


def test_plain() -> None:
    assert options() == {"bootstrap_servers": "a:1,b:2", "security_protocol": "PLAINTEXT"}


def test_sasl() -> None:
    found = options(security_protocol="SASL_PLAINTEXT", sasl_username="u", sasl_password="p")
    assert (found["sasl_mechanism"], found["sasl_plain_username"], found["sasl_plain_password"]) == ("PLAIN", "u", "p")


def test_ssl_with_a_certificate_of_its_own(certificate: Path) -> None:
    found = options(security_protocol="SSL", ssl_truststore_location=certificate, ssl_keystore_location=certificate)
    context = found["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1


def test_ssl_without_a_check_of_host_names() -> None:
    assert not options(security_protocol="SSL", ssl_endpoint_identification_algorithm="")["ssl_context"].check_hostname


def test_files_that_are_no_pem_are_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("no certificate")
    with pytest.raises(Refused, match="the PEM files can't be used"):
        options(security_protocol="SSL", ssl_truststore_location=tmp_path / "x.pem")
