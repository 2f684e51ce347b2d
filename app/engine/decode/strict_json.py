"""JSON as RFC 8259 has it, no deeper than 1,000 levels."""

import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

from app.engine.decode.large_json import MAX_LEVELS, members

#: Strings, lists, objects and their members, counted together; with more a document is not read as a whole.
MAX_PARTS = 500_000
#: What a number too large for a double (1e400 is good JSON) is read as. No field of ours may hold a list.
TOO_LARGE: Final = [["too large"]]

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# Only a number of many digits or with a three-digit exponent can be beyond 1.8e308.
_LONG_NUMBER = rb"-?\d{200,}+(?:\.\d++)?(?:[eE][+-]?\d++)?|-?\d++(?:\.\d++)?[eE]\+?0*[1-9]\d\d++"
_STRING_OR_NUMBER = re.compile(rb"(%b)|%b" % (_STRING, _LONG_NUMBER), re.DOTALL)


def parse(text: bytes, wanted: Iterable[str]) -> dict[str, Any] | None:
    """The object (of doubled names the last counts), or None where a strict parser refuses the text.

    Of an object of very many parts there are only the members wanted, with empty lists for what is no plain value.
    """
    if _is_large(text):
        return members(text, wanted, _scalar)
    document = _loads(text)
    return document if isinstance(document, dict) else None


def _is_large(text: bytes) -> bool:
    if len(text) <= MAX_LEVELS:
        return False
    brackets = text.count(b"[") + text.count(b"{")
    if brackets > MAX_LEVELS:
        return True
    return len(text) > MAX_PARTS and brackets + text.count(b",") + text.count(b'"') > MAX_PARTS


def _loads(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # orjson refuses what is infinite as a double, which RFC 8259 does not.
        if "infinity" not in error.msg:
            return None
    try:
        return orjson.loads(_STRING_OR_NUMBER.sub(_marked, text))
    except orjson.JSONDecodeError:
        return None


def _marked(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return orjson.dumps(TOO_LARGE) if match[1] is None and abs(float(found)) == float("inf") else found


def _scalar(text: bytes) -> Any:
    return _loads(b"[%b]" % text)[0]
