"""Why an event that is no poison changed nothing."""

from enum import StrEnum


class Ignored(StrEnum):
    """The reason, as the metric `ignored_total` names it."""

    STALE_COUNT = "stale-count"
    LATE_STATE = "late-state"
    FINAL_STATE = "final-state"
    NOT_AN_AMENDMENT = "not-an-amendment"
    STALE_ALLOTMENT = "stale-allotment"
    LOWER_RANK = "lower-rank"
