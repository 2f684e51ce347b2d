"""JSON as RFC 8259 has it, no deeper than 1,000 levels."""

import re
from typing import Any, Final

import numpy as np
import orjson

MAX_LEVELS = 1_000
#: What a number too large for a double (1e400 is good JSON) is read as. No field of ours may hold a list.
TOO_LARGE: Final = [["too large"]]

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(_STRING, re.DOTALL)
# Only a number of many digits or with a three-digit exponent can be beyond 1.8e308.
_LONG_NUMBER = rb"-?\d{200,}+(?:\.\d++)?(?:[eE]\+?\d++)?|-?\d++(?:\.\d++)?[eE]\+?0*[1-9]\d\d++"
_TOO_LARGE = re.compile(rb"(%b)|(%b)" % (_STRING, _LONG_NUMBER), re.DOTALL)


def parse(text: bytes) -> dict[str, Any] | None:
    """The object (of doubled names the last counts), or None where a strict parser refuses the text."""
    if text.count(b"[") + text.count(b"{") > MAX_LEVELS and _levels(text) > MAX_LEVELS:
        return None
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # orjson refuses what is infinite as a double, which RFC 8259 does not.
        if "infinity" not in error.msg:
            return None
        document = _with_too_large(text)
    return document if isinstance(document, dict) else None


def _with_too_large(text: bytes) -> Any:
    try:
        return orjson.loads(_TOO_LARGE.sub(_marked, text))
    except orjson.JSONDecodeError:
        return None


def _marked(match: re.Match[bytes]) -> bytes:
    string, number = match.groups()
    if string is not None:
        return bytes(string)
    return orjson.dumps(TOO_LARGE) if abs(float(number)) == float("inf") else bytes(number)


def _levels(text: bytes) -> int:
    """How deep brackets nest; of any number where they don't match."""
    marks = np.frombuffer(_STRINGS.sub(b"", text), np.uint8)
    opening = (marks == ord("[")) | (marks == ord("{"))
    closing = (marks == ord("]")) | (marks == ord("}"))
    return int(np.cumsum(opening.astype(np.int8) - closing.astype(np.int8), dtype=np.int32).max(initial=0))
