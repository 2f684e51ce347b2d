"""How every Kafka client of this program connects: addresses, TLS and SASL, from the settings."""

import ssl
from typing import Any

from app.engine.embedded import broker_address
from app.settings import Refused, Settings


def client_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for any aiokafka client; raises Refused without a broker's address or with bad PEM files."""
    options: dict[str, Any] = {
        "bootstrap_servers": broker_address(settings),
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if settings.security_protocol.startswith("SASL_") and settings.credentials is not None:
        options["sasl_mechanism"] = settings.sasl_mechanism or "PLAIN"
        options["sasl_plain_username"], options["sasl_plain_password"] = settings.credentials
    return options


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    authorities, own = settings.ssl_truststore_location, settings.ssl_keystore_location
    password = settings.ssl_key_password
    try:
        context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
        if own is not None:
            context.load_cert_chain(own, password=password.get_secret_value() if password else None)
    except (ssl.SSLError, OSError) as error:
        raise Refused(f"STAYSHELF_SSL_*: the PEM files can't be used: {error.strerror or error}") from error
    context.check_hostname = settings.ssl_endpoint_identification_algorithm == "https"
    return context
