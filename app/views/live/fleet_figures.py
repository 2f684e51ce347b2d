"""From each worker's own figures to those of the whole fleet: rates, latency, who holds what and how far behind."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import TypedDict

from app.engine.group import GROUPS
from app.metrics.catalogue import EVENT_LATENCY
from app.metrics.reading import quantile
from app.views.fields import EpochMs
from app.views.live.figures import Figures, HistoryAnswer, LetterCount

UP, SILENT, GONE = "up", "silent", "gone"
#: Rates and latency "now" are over so many looks, a second each.
LOOKS = 5
BOUNDS = EVENT_LATENCY.buckets


class WorkerNow(TypedDict):
    """One worker: up, silent (it should answer and does not) or gone; restoring in changelog records."""

    url: str
    state: str
    inTouch: bool
    perSecond: float
    active: int
    standby: int
    notReady: int
    restoring: dict[str, int]


class PartitionNow(TypedDict):
    """A partition: places in the list of workers; lag in records over all its sources, null where nobody says."""

    active: int | None
    standbys: list[int]
    ready: bool
    lag: int | None


class Latency(TypedDict):
    """Seconds from a record's timestamp to queryable; null where no recent event came."""

    p50: float | None
    p99: float | None


class FleetNow(TypedDict):
    """Everything the page shows that is no table; counts are since each worker started."""

    at: EpochMs
    answeredBy: str
    workers: list[WorkerNow]
    perSecond: dict[str, float]
    latency: Latency
    totals: dict[str, int]
    deadLetters: list[LetterCount]
    partitions: dict[str, list[PartitionNow]]


class FleetHistory(TypedDict):
    """The last hour, column by column."""

    stepSeconds: int
    at: list[EpochMs]
    perSecond: list[float]
    p50: list[float | None]
    p99: list[float | None]


class Recent:
    """The last few figures of each worker: what they grew by is the rate."""

    def __init__(self) -> None:
        self._looks: dict[str, deque[Figures]] = defaultdict(lambda: deque(maxlen=LOOKS + 1))

    def add(self, figures: Iterable[Figures]) -> None:
        """One look; a worker that did not answer is forgotten, one that was restarted begins anew."""
        found = {each["url"]: each for each in figures}
        for url in set(self._looks) - set(found):
            del self._looks[url]
        for url, each in found.items():
            looks = self._looks[url]
            if looks and sum(looks[-1]["consumed"].values()) > sum(each["consumed"].values()):
                looks.clear()
            looks.append(each)

    def per_second(self, url: str) -> dict[str, float]:
        """Records a second by source topic."""
        looks = self._looks.get(url)
        seconds = (looks[-1]["at"] - looks[0]["at"]) / 1000 if looks else 0.0
        if not looks or seconds <= 0:
            return {}
        first, last = looks[0]["consumed"], looks[-1]["consumed"]
        return {topic: (count - first.get(topic, 0)) / seconds for topic, count in last.items()}

    def latency(self) -> Latency:
        """Over all workers' recent events."""
        counts = [
            sum(looks[-1]["latency"][bucket] - looks[0]["latency"][bucket] for looks in self._looks.values())
            for bucket in range(len(BOUNDS) + 1)
        ]
        return _latency(counts)


def fleet_now(
    at: int, own_url: str, states: Mapping[str, str], *, figures: Sequence[Figures], recent: Recent
) -> FleetNow:
    """One moment of the fleet; states has every known worker by URL, figures of those that answered."""
    urls, by_url = sorted(states), {each["url"]: each for each in figures}
    rates = {url: recent.per_second(url) for url in urls}
    topics = sorted({topic for rate in rates.values() for topic in rate})
    return {
        "at": at,
        "answeredBy": own_url,
        "workers": [_worker(url, states[url], by_url.get(url), sum(rates[url].values())) for url in urls],
        "perSecond": {topic: sum(rate.get(topic, 0.0) for rate in rates.values()) for topic in topics},
        "latency": recent.latency(),
        "totals": _totals(figures),
        "deadLetters": _letters(figures),
        "partitions": _partitions({url: place for place, url in enumerate(urls)}, figures),
    }


def _worker(url: str, state: str, figures: Figures | None, per_second: float) -> WorkerNow:
    copies = figures["copies"] if figures else []
    active = sum(copy["role"] == "active" for copy in copies)
    return {
        "url": url,
        "state": state,
        "inTouch": figures is not None and figures["inTouch"],
        "perSecond": per_second,
        "active": active,
        "standby": len(copies) - active,
        "notReady": sum(not copy["ready"] for copy in copies),
        "restoring": figures["restoring"] if figures else {},
    }


def _totals(figures: Sequence[Figures]) -> dict[str, int]:
    plain = ("applied", "duplicates", "ignored", "retries", "lateDropped", "negativeStockRows", "overbookedNights")
    sums = {name: sum(each[name] for each in figures) for name in plain}  # type: ignore[literal-required]
    sums["consumed"] = sum(sum(each["consumed"].values()) for each in figures)
    sums["deadLetters"] = sum(letter["count"] for each in figures for letter in each["deadLetters"])
    return sums


def _letters(figures: Sequence[Figures]) -> list[LetterCount]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for each in figures:
        for letter in each["deadLetters"]:
            counts[letter["topic"], letter["reason"]] += letter["count"]
    return [LetterCount(topic=topic, reason=reason, count=count) for (topic, reason), count in sorted(counts.items())]


def _partitions(places: Mapping[str, int], figures: Sequence[Figures]) -> dict[str, list[PartitionNow]]:
    found: dict[str, list[PartitionNow]] = {
        group.name: [PartitionNow(active=None, standbys=[], ready=False, lag=None) for _ in range(group.partitions)]
        for group in GROUPS
    }
    for each in figures:
        for copy in each["copies"]:
            entry = found[copy["group"]][copy["partition"]]
            if copy["role"] != "active":
                entry["standbys"].append(places[each["url"]])
            elif entry["active"] is None or each["inTouch"]:
                entry["active"], entry["ready"] = places[each["url"]], copy["ready"]
                entry["lag"] = sum(copy["lag"].values())
    return found


def fleet_history(answers: Sequence[HistoryAnswer]) -> FleetHistory:
    """Every worker's last hour in one."""
    consumed: dict[int, int] = defaultdict(int)
    latency: dict[int, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    for answer in answers:
        for step in answer["steps"]:
            consumed[step["at"]] += step["consumed"]
            if step["latency"]:
                latency[step["at"]] = [a + b for a, b in zip(latency[step["at"]], step["latency"], strict=True)]
    seconds = answers[0]["stepSeconds"] if answers else 1
    times = sorted(consumed)
    shown = [_latency(latency[at]) if at in latency else Latency(p50=None, p99=None) for at in times]
    return {
        "stepSeconds": seconds,
        "at": times,
        "perSecond": [consumed[at] / seconds for at in times],
        "p50": [each["p50"] for each in shown],
        "p99": [each["p99"] for each in shown],
    }


def _latency(counts: Sequence[int]) -> Latency:
    return {"p50": quantile(counts, BOUNDS, 0.5), "p99": quantile(counts, BOUNDS, 0.99)}
