"""The metrics as text, in the format the scraper asks for."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_OPEN_METRICS = "application/openmetrics-text"


def exposed(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Body and content type for an Accept header: OpenMetrics 1.0 where asked for, else Prometheus' text."""
    # Only the name is handed on: versions a client makes up would end in an error or in our own headers.
    encode, content_type = choose_encoder(_OPEN_METRICS if _OPEN_METRICS in accept else "")
    return encode(registry), content_type
