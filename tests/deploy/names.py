"""Which metrics a PromQL expression reads, judged by the catalogue."""

import re
from collections.abc import Collection

from app.metrics.catalogue import CATALOGUE, Kind

#: What Prometheus and the process collector add.
GIVEN = {"up", "ALERTS", "process_resident_memory_bytes", "process_cpu_seconds_total"}


def exposed() -> set[str]:
    """Every name a query may read: histograms by their parts."""
    parts = ("_bucket", "_sum", "_count")
    found = {metric.name for metric in CATALOGUE if metric.kind is not Kind.HISTOGRAM}
    return found | {metric.name + part for metric in CATALOGUE if metric.kind is Kind.HISTOGRAM for part in parts}


def metrics_in(expression: str, but: Collection[str] = ()) -> set[str]:
    """Names in an expression; every one must be exposed, given, or one of `but`."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expression)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    names = set(re.findall(r"[a-zA-Z_][\w:]*_[\w:]*|\bup\b|\bALERTS\b|\w+:[\w:]+", bare))
    names -= {"histogram_quantile", "min_over_time", "max_over_time"}
    unknown = names - exposed() - GIVEN - set(but)
    assert not unknown, f"{unknown} in {expression}"
    return names
