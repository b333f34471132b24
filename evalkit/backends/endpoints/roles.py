"""Servers whose chat template or API refuses a turn: told from the words, and which setting helps."""

from __future__ import annotations

import re

from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.records import INSTRUCTION_IN_USER, ONE_TURN

_TURN = r"(?:system|developer)"
_NO = (
    r"(?:not (?:currently |yet )?(?:be )?(?:supported|allowed|enabled|accepted|permitted|available)|unsupported"
    r"|disabled)"
)
_AND = r"[\s'\"`,]{1,4}(?:(?:and|or|und|oder)[\s'\"`]{1,3})?"
_LIST = (
    r"\b(?:should be|must be|are|one of|values?|role|roles|expected)\b[\s:=(\['\"`]{1,6}"
    rf"(?:(?:user|human){_AND}(?:assistant|model)|(?:assistant|model){_AND}(?:user|human))\b"
    r"(?!.{0,60}\b(?:system|developer)\b)"
)
"""Roles that are listed as the only ones."""
_SYSTEM = re.compile(
    rf"\b{_TURN}[ _]?(?:role|instruction|message|prompt|turn)s?\b.{{0,60}}\b{_NO}"
    rf"|(?:does not|doesn't|do not|don't|cannot|can't) (?:support|accept|allow|take|handle|have).{{0,24}}\b{_TURN}\b"
    rf"|(?:unexpected|invalid|unknown|unsupported|illegal|bad)(?: message)? role\W{{0,6}}{_TURN}\b"
    rf"|\brole\W{{0,6}}{_TURN}\b.{{0,30}}(?:{_NO}|invalid|unexpected|unknown)"
    r"|only (?:the )?\W?user\W? (?:role|turn|message|and|or|,).{0,40}(?:supported|allowed|accepted|roles)"
    r"|only user, (?:(?!system).){0,40}(?:supported|allowed)"
    rf"|{_LIST}|{_TURN}\W.{{0,24}}(?:is )?not (?:one of|a valid|among)",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"roles?\b.{0,40}\balternat|\balternat\w*\b.{0,40}\b(?:roles?|turns?|user)\b"
    r"|successive (?:user|assistant)|consecutive (?:user|assistant)|roles? in a row"
    r"|first (?:message|turn|content).{0,30}\b(?:must|should).{0,24}\buser\b"
    r"|unexpected role\b|after role\b|multi.?turn.{0,30}not supported"
    r"|(?:not|n.t|no) (?:support|allow|accept)\w*.{0,24}\b(?:assistant|response|message).{0,12}prefill"
    r"|\bprefill\w*.{0,40}(?:not (?:be )?(?:supported|allowed|available|possible)|unsupported|incompatible)"
    r"|(?:last|final) (?:message|turn|content|role)\b.{0,40}\b(?:must|should|has to|needs to|cannot|can.t)\b"
    r"|(?:must|should|has to|needs to) end with.{0,24}\buser\b|\d+ or more (?:assistant|user) messages"
    r"|(?:multiple|several|two) (?:assistant|user) (?:messages|turns)|expected last role",
    re.IGNORECASE,
)
_STATUSES = frozenset({None, 400, 415, 422, 500, 501})
_CLASSES = frozenset(
    {ErrorClass.BAD_REQUEST, ErrorClass.SERVER_ERROR, ErrorClass.NOT_FOUND, ErrorClass.UNKNOWN}
)


def refused_turns(message: str, found: ErrorClass, status: int | None) -> str:
    """Return what to set where a server says that it takes no system turn, or turns in another order; else nothing.

    Args:
        message: What the server says.
        found: The class of the error by everything else: a limit of the rate is no refusal, whatever its words.
        status: Of the response; None where it was successful.
    """
    if status not in _STATUSES or found not in _CLASSES:
        return ""
    if _SYSTEM.search(message):
        return (
            f"it takes no system turn: set `turns: {INSTRUCTION_IN_USER}` in the model's endpoint"
        )
    if _ORDER.search(message):
        return f"it refuses this order of turns: set `turns: {ONE_TURN}` in the model's endpoint"
    return ""
