"""What a request's path and query may say; everything else is a 400 that names the parameter and not its value."""

import re
from datetime import date
from urllib.parse import parse_qsl, unquote_to_bytes

from aiohttp import web

from app.views.responses import bad

ID_CODE_POINTS_MAX = 128
LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
NIGHTS_MAX = 731
# No question has more than five parameters; past this the query is not even read.
_FIELDS_MAX = 32
_SHOWN_NAME_MAX = 64

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day_text(epoch_day: int) -> str:
    """YYYY-MM-DD of days since 1970."""
    return date.fromordinal(_EPOCH_ORDINAL + epoch_day).isoformat()


def path_id(request: web.Request, name: str) -> str:
    """An id of the path; %2F in it is a slash of the id."""
    return _checked_id(name, request.match_info[name])


def check_path(request: web.Request) -> None:
    """Refuse a path whose percent signs do not spell UTF-8: its ids would not be anybody's ids."""
    raw = request.rel_url.raw_path
    if "%" in raw:
        try:
            unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:
            raise bad("path", "is not UTF-8") from None


class Query:
    """The query of a request: each allowed parameter at most once, no others."""

    def __init__(self, request: web.Request, *allowed: str) -> None:
        raw = request.rel_url.raw_query_string
        self._given = _parsed(raw, allowed) if raw else {}

    def id(self, name: str) -> str | None:
        """An id, or None where it is left out."""
        value = self._given.get(name)
        return None if value is None else _checked_id(name, value)

    def text(self, name: str) -> str | None:
        """Whatever is given, or None."""
        return self._given.get(name)

    def number(self, name: str, lowest: int, highest: int, default: int | None = None) -> int:
        """A whole number from lowest to highest; required where there is no default."""
        text = self._given.get(name)
        if text is None:
            if default is None:
                raise bad(name, "is missing")
            return default
        if _WHOLE_NUMBER.fullmatch(text) is None or not lowest <= int(text) <= highest:
            raise bad(name, f"is not a whole number from {lowest} to {highest}")
        return int(text)

    def one_of(self, name: str, known: tuple[str, ...]) -> str | None:
        """One of the known values, or None where it is left out."""
        value = self._given.get(name)
        if value is not None and value not in known:
            raise bad(name, f"is none of {', '.join(known)}")
        return value

    def limit(self) -> int:
        """How many rows are asked for."""
        return self.number("limit", 1, LIMIT_MAX, LIMIT_DEFAULT)

    def nights(self) -> tuple[int, int]:
        """The nights from `from` up to, without, `to`, in epoch days."""
        first, last = self._day("from"), self._day("to")
        if first >= last:
            raise bad("from", "is not before to")
        if last - first > NIGHTS_MAX:
            raise bad("to", f"is more than {NIGHTS_MAX} nights after from")
        return first, last

    def _day(self, name: str) -> int:
        text = self._given.get(name)
        if text is None:
            raise bad(name, "is missing")
        try:
            if _DATE.fullmatch(text) is None:
                raise ValueError
            return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
        except ValueError:
            raise bad(name, "is not a date like 2026-01-31") from None


def _parsed(raw: str, allowed: tuple[str, ...]) -> dict[str, str]:
    try:
        fields = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise bad("query", f"is not UTF-8, or has over {_FIELDS_MAX} parameters") from None
    given: dict[str, str] = {}
    for name, value in fields:
        if name not in allowed:
            raise bad(name[:_SHOWN_NAME_MAX], f"is not a parameter here; known: {', '.join(allowed) or 'none'}")
        if name in given:
            raise bad(name, "is given twice")
        given[name] = value
    return given


def _checked_id(name: str, value: str) -> str:
    if not value:
        raise bad(name, "is empty")
    if len(value) > ID_CODE_POINTS_MAX:
        raise bad(name, f"is over {ID_CODE_POINTS_MAX} code points")
    return value
