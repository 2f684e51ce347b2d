"""Random questions about windows: every kind, with and without a key, any size and step, and beside what there is."""

from random import Random

from app.simulator.reference.answers import Answers
from app.simulator.reference.windows import HOUR, MINUTE, Question

KINDS = {"sales": "storeId", "bookings": "region", "payments": "currency"}
WINDOWS_MAX = 400
#: How many windows a pane may be in: a day by the minute, and no question that only takes the model long.
HOPS_MAX = 60
UNITS = (("d", 24 * HOUR), ("h", HOUR), ("m", MINUTE))


def questions(answers: Answers, count: int, seed: int = 1) -> list[Question]:
    """So many questions about what the model holds."""
    rng = Random(seed)
    keys = {kind: answers.window_keys(kind) for kind in KINDS}
    times = {kind: answers.window_times(kind) for kind in KINDS}
    return [_question(rng, kind, keys[kind], times[kind]) for kind in rng.choices(list(KINDS), k=count) if times[kind]]


def _question(rng: Random, kind: str, keys: list[str], times: list[int]) -> Question:
    unit = rng.choice((MINUTE, HOUR))
    size = rng.choice((1, 1, 2, 5, 15, 24, 60, 90, 1_440, rng.randint(1, 3_000))) * unit
    step = rng.choice((size, size, unit, rng.randint(1, size // unit) * unit, rng.randint(1, size // MINUTE) * MINUTE))
    step = max(step, -(-size // HOPS_MAX // MINUTE) * MINUTE)
    first = rng.choice(times) - rng.choice((0, 0, size, rng.randint(0, 40 * 24 * HOUR)))
    end = first + rng.randint(1, WINDOWS_MAX) * step + rng.randint(0, step - 1)
    key = rng.choice((None, rng.choice(keys), rng.choice(keys), "nobody"))
    return Question(kind, key, first, end, size, step)


def path(question: Question) -> str:
    """The question as it is asked."""
    kind, key, first, end, size, step = question
    asked = f"/v1/windows/{kind}?from={first}&to={end}&size={duration(size)}"
    asked += "" if step == size else f"&step={duration(step)}"
    return asked if key is None else f"{asked}&{KINDS[kind]}={key}"


def duration(span: int) -> str:
    """A span in the largest unit it is a multiple of."""
    letter, unit = next((letter, unit) for letter, unit in UNITS if span % unit == 0)
    return f"{span // unit}{letter}"
