"""The only reader of the environment: every setting, its default, and what it may be."""

import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "STAYSHELF_"
TEST_PREFIX = "STAYSHELF_TEST_"
ENV_FILE = ".env"
EMBEDDED = "embedded"
MAX_STANDBYS = 10
MAX_LOW_STOCK = 1_000_000
# An empty value means "not set", but for this one: Kafka's way of switching the check of host names off.
MEANT_WHEN_EMPTY = "ssl_endpoint_identification_algorithm"

ALLOWED = {
    "broker": "`embedded` or `kafka://host:port,host:port`",
    "guarantee": "`exactly_once` (needs a Kafka broker) or `at_least_once`",
    "data_dir": "the path of a directory",
    "replication_factor": "a whole number from 1 to 32767",
    "schema_registry": "`bundled` or a URL like `http://registry:8080/apis/ccompat/v7`",
    "web_host": "a host name or an IP address",
    "web_port": "a whole number from 1 to 65535",
    "web_url": "a URL like `http://worker-1:6066`",
    "api_tokens": "bearer tokens, comma-separated, of letters, digits and -._~+/=",
    "api_open": "true or false",
    "standbys": f"a whole number from 0 to {MAX_STANDBYS}",
    "low_stock_max": f"a whole number from 0 to {MAX_LOW_STOCK}",
    "instance_id": "1 to 249 letters, digits or ._-, another one for each worker",
    "security_protocol": "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
    "sasl_mechanism": "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    "sasl_username": "the user's name",
    "sasl_password": "the user's password",
    "sasl_jaas_config": 'a line like `<login module> required username="..." password="...";`',
    "ssl_truststore_location": "a PEM file of the authorities to trust",
    "ssl_keystore_location": "a PEM file with this client's certificate and key",
    "ssl_key_password": "the password of the key",
    MEANT_WHEN_EMPTY: "`https`, or empty for no check of host names",
}


class Refused(Exception):
    """A start or a command that can't go on; its text is the one line to show, and no traceback."""


class Settings(BaseSettings):
    """What the environment (and .env) says, checked; names as in STAYSHELF_<NAME>, in lower case."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True)

    broker: str = EMBEDDED
    guarantee: Literal["exactly_once", "at_least_once"] = "exactly_once"
    data_dir: Path = Path(".stayshelf")
    replication_factor: int = Field(default=3, ge=1, le=32767)
    schema_registry: str = Field(default="bundled", pattern=r"^(bundled|https?://[^\s/]+\S*)$")
    web_host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9._:-]+$")
    web_port: int = Field(default=6066, ge=1, le=65535)
    web_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+/?$")
    api_tokens: Annotated[tuple[str, ...], NoDecode] = Field(default=(), repr=False)
    api_open: bool = False
    standbys: int = Field(default=1, ge=0, le=MAX_STANDBYS)
    low_stock_max: int = Field(default=20, ge=0, le=MAX_LOW_STOCK)
    instance_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,249}$")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_jaas_config: SecretStr | None = None
    ssl_truststore_location: Path | None = None
    ssl_keystore_location: Path | None = None
    ssl_key_password: SecretStr | None = None
    ssl_endpoint_identification_algorithm: Literal["https", ""] = "https"

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in given.items() if value != "" or name == MEANT_WHEN_EMPTY}
        if said.get("broker", EMBEDDED) == EMBEDDED:
            said = {"guarantee": "at_least_once", "replication_factor": 1} | said
        return said

    @field_validator("broker")
    @classmethod
    def _broker_is_an_address(cls, value: str) -> str:
        addresses = value.removeprefix("kafka://").split(",")
        if value != EMBEDDED and not (value.startswith("kafka://") and all(map(_is_address, addresses))):
            raise ValueError("not an address")
        return value

    @field_validator("api_tokens", mode="before")
    @classmethod
    def _split_tokens(cls, value: object) -> object:
        return tuple(token.strip() for token in value.split(",")) if isinstance(value, str) else value

    @field_validator("api_tokens")
    @classmethod
    def _tokens_fit_a_header(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token) for token in value):
            raise ValueError("not a list of tokens")
        return value

    @field_validator("ssl_truststore_location", "ssl_keystore_location")
    @classmethod
    def _file_is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("no such file")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.embedded and self.guarantee == "exactly_once":
            raise ValueError("guarantee: the embedded broker has no transactions")
        if refusal := self.open_api_refusal(self.web_host):
            raise ValueError(f"api_tokens: {refusal}")
        if self.security_protocol.startswith("SASL_") and self.credentials is None:
            raise ValueError(f"sasl_username: missing, with sasl_password, under {self.security_protocol}")
        return self

    @property
    def embedded(self) -> bool:
        """Whether the worker brings its own broker."""
        return self.broker == EMBEDDED

    @property
    def min_insync_replicas(self) -> int:
        """The contract's min(2, replication factor), for every topic this program creates."""
        return min(2, self.replication_factor)

    @property
    def credentials(self) -> tuple[str, str] | None:
        """(user, password) of SASL, from sasl_username and sasl_password or from sasl_jaas_config."""
        if self.sasl_username is not None and self.sasl_password is not None:
            return self.sasl_username, self.sasl_password.get_secret_value()
        if self.sasl_jaas_config is None:
            return None
        found = dict(re.findall(r'\b(username|password)\s*=\s*"([^"]*)"', self.sasl_jaas_config.get_secret_value()))
        return (found["username"], found["password"]) if len(found) == 2 else None

    def open_api_refusal(self, web_host: str) -> str | None:
        """Why /v1 may not be served without tokens on this host; None where it may."""
        if self.api_tokens or self.api_open or _is_loopback(web_host):
            return None
        return f"empty, which would open /v1 to everybody who reaches {web_host}"

    def url_of(self, web_host: str, web_port: int) -> str:
        """The base URL other workers reach this one by: web_url, or made of the address it listens on."""
        if self.web_url is not None:
            return self.web_url.rstrip("/")
        return f"http://{f'[{web_host}]' if ':' in web_host else web_host}:{web_port}"


def load() -> Settings:
    """Read the settings; a bad or unknown one prints one line and ends the process with status 2."""
    said = {name: value for name, value in dotenv_values(ENV_FILE).items() if value is not None} | dict(os.environ)
    if (name := _unknown(said)) is not None:
        allowed = ", ".join(PREFIX + known.upper() for known in Settings.model_fields)
        refuse(f"{name}: there is no such setting; allowed are {allowed}")
    try:
        return Settings()
    except ValidationError as error:
        refuse(_line(error, said))


def refuse(line: str) -> NoReturn:
    """End the process with one line on stderr and status 2."""
    sys.stderr.write(f"stayshelf: {line}\n")
    raise SystemExit(2)


def _unknown(said: Mapping[str, str]) -> str | None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    ours = (name for name in said if name.upper().startswith(PREFIX) and not name.upper().startswith(TEST_PREFIX))
    return next((name for name in sorted(ours) if name.upper() not in known), None)


def _line(error: ValidationError, said: Mapping[str, str]) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if first["loc"]:
        name = str(first["loc"][0])
        value = next((value for key, value in said.items() if key.upper() == PREFIX + name.upper()), "")
        wrong = "the value" if _is_secret(name) else repr(value)
        message = f"{wrong} is refused: {message[:1].lower()}{message[1:]}"
    else:
        name, message = message.split(": ", 1)
    hint = "; or set STAYSHELF_API_OPEN=true if open is meant" if name == "api_tokens" and not first["loc"] else ""
    return f"{PREFIX}{name.upper()}: {message}; allowed: {ALLOWED[name]}{hint}"


def _is_secret(name: str) -> bool:
    return name in {"api_tokens", "sasl_jaas_config"} or name.endswith("password")


def _is_address(text: str) -> bool:
    match = re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", text)
    return match is not None and 1 <= int(match[1]) <= 65535


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
