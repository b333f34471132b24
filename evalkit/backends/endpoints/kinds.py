"""Which kind of fault an error is: decided by what machines are meant to read, by wording where nothing else says.

In this order: a quota that only a day lifts; the names that vendors give their errors; the HTTP status (of the body
where a proxy hides it behind 200, 400 or 500); and for statuses that mean many things, the words. Whatever a message
says, a document is not blamed for a limit of the rate, and a limit that passes in a moment is no empty account.
Some names stand for a limit of the rate and for an empty account with the same vendor: there the words decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from evalkit.backends.endpoints.error_bodies import ErrorReport
from evalkit.backends.endpoints.error_classes import ABOUT_THE_DOC, ErrorClass


def _table(words: Mapping[ErrorClass, str]) -> dict[str, ErrorClass]:
    return {word: found for found, some in words.items() for word in some.split()}


NAMES = _table(
    {
        ErrorClass.RATE_LIMITED: "ratelimit ratelimitexceeded ratelimited ratelimitreached toomanyrequests throttling"
        " throttled requestthrottled requestlimitexceeded resourceexhausted tokenquotaexceeded requestquotaexceeded"
        " toomanytokens dynamicrequestlimited dynamictokenlimited modelratelimit userratelimitexceeded"
        " ratelimitexceededtokens limitrequests limitburstrate minimax1002 minimax1039 minimax1041 minimax2045"
        " 1302 1303"
        " 1305",
        ErrorClass.QUOTA: "insufficientquota insufficientbalance insufficientcredits insufficientcredit"
        " insufficientfunds billing billinghardlimitreached billingnotactive billingdisabled paymentrequired"
        " arrearage"
        " accountoverdue exceededcurrentquota creditlimit budgetexceeded exceededbudget servicequotaexceeded"
        " dailylimitexceeded quotaexceeded outofcredits outofcredit spendinglimitreached usagelimitreached"
        " allocationquota.freetieronly creditsexhausted notenoughcredits notenoughbalance limitexceeded"
        " blockedapiaccess"
        " spendlimitexceeded spendlimitreached accountbalanceinsufficient minimax1008 minimax2056 1113 1304 1308",
        ErrorClass.CONTEXT_LENGTH: "contextlengthexceeded contextwindowexceeded exceedcontextsize requesttoolarge"
        " stringabovemaxlength tokenslimitreached prompttoolong contextoverflow inputtoolong contextlength"
        " maxcontextlengthexceeded payloadtoolarge requestentitytoolarge 1261",
        ErrorClass.CONTENT_FILTER: "contentfilter contentfiltered contentpolicyviolation responsibleaipolicyviolation"
        " datainspectionfailed contentmoderation sensitivecontentdetected inputtextsensitivecontentdetected"
        " outputtextsensitivecontentdetected invalidprompt moderationblocked moderation minimax1026 minimax1027 1301",
        ErrorClass.AUTH: "authentication invalidapikey apikeyinvalid incorrectapikey unauthorized unauthenticated"
        " permission permissiondenied accessdenied forbidden expiredtoken unrecognizedclient invalidsignature"
        " missingauthenticationtoken accountdeactivated accountsuspended consumersuspended servicedisabled"
        " invalidauthentication unsupportedcountryregionterritory failedprecondition accessterminated"
        " organizationrestricted invalidsubscriptionkey modelnotopen consumerinvalid notauthorized apikeyexpired"
        " authenticationfailed apikeyserviceblocked userprojectdenied invalidtoken accountdisabled"
        " organizationdisabled"
        " organizationdeactivated projectdisabled apikeydisabled apikeyrevoked modeltermsrequired"
        " organizationverificationrequired invalidclienttokenid incompletesignature signaturedoesnotmatch"
        " minimax1004 minimax2049",
        ErrorClass.NOT_FOUND: "notfound modelnotfound deploymentnotfound resourcenotfound unimplemented"
        " methodnotallowed invalidmodel modelnotsupported unknownmodel nosuchmodel invalidendpointormodel"
        " modeldecommissioned modeldeprecated unknownurl modelnotexist modelnotavailable operationnotsupported"
        " invalidapiversion modelarchived",
        ErrorClass.OVERLOADED: "overloaded engineoverloaded serviceunavailable unavailable serveroverloaded"
        " modeloverloaded nocapacity capacityexceeded servicetiercapacityexceeded queueexceeded queuefull"
        " modelnotready"
        " slowdown enginebusy modelbusy serverbusy resourceunavailable modelloading",
        ErrorClass.TIMEOUT: "timeout requesttimeout deadlineexceeded modeltimeout gatewaytimeout apitimeout"
        " minimax1001",
        ErrorClass.SERVER_ERROR: "internalserver internalfailure modelerror modelstreamerror badgateway apiconnection"
        " incompletegeneration dataloss serviceinternal internalservererror internal enginedead enginegenerate"
        " asyncenginedead minimax1000 minimax1013 minimax1024 minimax1033",
    }
)
"""Types, codes, states and reasons, without separators and without `error` or `exception` at their end."""
_WEAK_NAMES = _table(
    {
        ErrorClass.BAD_REQUEST: "invalidrequest badrequest invalidargument validation unprocessableentity"
        " invalidparameter invalidvalue outofrange",
    }
)
"""Names that are used for many faults: they only count where status and words say nothing."""
_PASSING = frozenset(
    {
        "insufficientquota",
        "quotaexceeded",
        "exceededcurrentquota",
        "limitexceeded",
        "servicequotaexceeded",
    }
)
"""Names of an empty account that some vendors give a limit per minute: then they say how long it lasts."""

_RATE_AFTER_ALL = re.compile(
    r"allocated quota|error-code#(token|rate)-limit|per.?(second|minute)|\b[RT]P[SM]\b|concurren",
    re.IGNORECASE,
)
"""Words that tell, beside such a name, that it is the rate (Alibaba Cloud)."""
_ACCOUNT_AFTER_ALL = re.compile(
    r"pre.?pa(id|y\w*) (credit|balance|fund)|credits?\b.{0,24}(deplet|exhaust|used up|run out)"
    r"|(exceed|reach|hit|over)\w*\b[^.]{0,60}\bspend(ing)?.?(limit|cap|budget)"
    r"|\bspend(ing)?.?(limit|cap|budget)[^.]{0,30}(exceed|reach|hit|exhaust|used)"
    r"|(month|week|year|annual)\w* (usage|budget|credit|cost|spend)\w*\b|blocked spend|guthaben"
    r"|(out of|\bno( more)?|insufficient|not enough) (\w+ )?credits\b|(exceed|reach)\w* (?!.{0,24}(think|reason"
    r"|token))[^.]{0,24}\bbudget"
    r"|credit balance[^.]{0,24}(low|empty|deplet|insufficient|exhaust)|余额不足|欠费",
    re.IGNORECASE,
)
"""Words that tell, beside the name of a limit of the rate, that the account is empty."""
_NOTHING_ALLOWED = re.compile(r"\blimit:? ?0\b(?!\.?\d)", re.IGNORECASE)
"""A limit of nothing, however long a server asks to wait: a free tier without this model."""
_PER_MINUTE = re.compile(r"per.?(second|minute)|\b[RT]P[SM]\b", re.IGNORECASE)

_BY_STATUS = {
    400: ErrorClass.BAD_REQUEST,
    401: ErrorClass.AUTH,
    402: ErrorClass.QUOTA,
    403: ErrorClass.AUTH,
    404: ErrorClass.NOT_FOUND,
    405: ErrorClass.NOT_FOUND,
    406: ErrorClass.NOT_FOUND,
    407: ErrorClass.AUTH,
    408: ErrorClass.TIMEOUT,
    410: ErrorClass.NOT_FOUND,
    411: ErrorClass.NOT_FOUND,
    413: ErrorClass.CONTEXT_LENGTH,
    414: ErrorClass.CONTEXT_LENGTH,
    415: ErrorClass.NOT_FOUND,
    420: ErrorClass.RATE_LIMITED,
    421: ErrorClass.NOT_FOUND,
    422: ErrorClass.BAD_REQUEST,
    425: ErrorClass.OVERLOADED,
    426: ErrorClass.NOT_FOUND,
    429: ErrorClass.RATE_LIMITED,
    451: ErrorClass.AUTH,
    498: ErrorClass.OVERLOADED,  # Groq's flexible tier
    501: ErrorClass.NOT_FOUND,
    503: ErrorClass.OVERLOADED,
    504: ErrorClass.TIMEOUT,
    509: ErrorClass.RATE_LIMITED,
    511: ErrorClass.AUTH,
    522: ErrorClass.TIMEOUT,
    524: ErrorClass.TIMEOUT,
    529: ErrorClass.OVERLOADED,
    530: ErrorClass.SERVER_ERROR,
}
"""Statuses not named here are the server's: 409, 424 and 499 are, too, whatever their first digit says."""
_WRAPPERS = frozenset({400, 500, 502})
"""Statuses that proxies give to whatever their vendor said: the status within the body says more."""

_RATE = (
    r"rate.?limit|throttl|too many requests|(requests?|tokens?|calls?).{0,12}(per|/).?(second|minute|hour|day)"
    r"|(try|retry)\w* (again )?(after|in|later)|wait before|slow down|请求过于频繁|速率限制"
)
_QUOTA = (
    r"insufficient.{0,12}(balance|credit|quota|fund)|(out of|not enough|no|more|run out of|ran out of|purchase|add)"
    r" ?(prepaid |account )?credits?\b|credit balance|exceeded your current quota|payment (is )?required"
    r"|(billing|usage|credit|budget|monthly) (hard )?(limit|cap)\b.{0,24}(reached|exceeded|hit)"
    r"|reached your.{0,24}usage limits?|(exceed|reach)\w* (?!.{0,24}(think|reason|token))[^.]{0,24}\bbudget"
    r"|\bspend(ing)?.?(limit|cap)|pre.?pa(id|y\w*) (credit|balance).{0,24}(deplet|exhaust|used)"
    r"|included credits|all (available )?credits|in arrears|overdue|unpaid|past invoices|past due"
    r"|\btop.?up\b|\brecharge|quota (is )?(exhausted|used up)|out of (call volume )?quota"
    r"|billing (is )?(not|account|details)|good standing|余额不足|欠费|余额|guthaben"
)
_MAX_TOKENS = r"\bmax\w*tokens\w*"
_WORDS: tuple[tuple[str, ErrorClass], ...] = (
    (_RATE, ErrorClass.RATE_LIMITED),
    (_QUOTA, ErrorClass.QUOTA),
    (  # a limit of the answer that the config sets, where the prompt's own tokens are no part of the sum
        r"^(?!.*(context length is|in the messages|input length|input tokens|inputs`? tokens|prompt tokens))"
        rf".*({_MAX_TOKENS}\W{{0,4}}(: ?)?\d+ ?>|{_MAX_TOKENS}.{{0,24}}(too (large|high|big)|must be|should be"
        rf"|valid range"
        rf"|out of range|exceeds?|cannot|supported range|less than|at most|above)|(invalid"
        rf"|range of).{{0,8}}{_MAX_TOKENS}"
        r"|maximum tokens you requested|(maximum|allowed) (allowed )?(number of )?(output|completion) tokens)",
        ErrorClass.BAD_REQUEST,
    ),
    (
        r"(organi[sz]ation|account|project|workspace|team|tenant|subscription|api (key|access)|your access"
        r"|billing)\b(.{0,40}\b(is|are|was|been|being|currently))?( \w+)? (disabled|suspended|deactivated"
        r"|blocked|banned"
        r"|terminated|restricted|closed|locked|inactive|revoked|archived|deleted)\b"
        r"|(organi[sz]ation|account|project|subscription|billing)\b.{0,32}\bnot (\w+ )?(active|activated"
        r"|enabled|verified)"
        r"|must be verified|terms acceptance|accept the terms|operation not allowed",
        ErrorClass.AUTH,
    ),
    (
        r"(api|subscription|access|security).?(key|token).{0,40}(invalid|not valid|incorrect|missing|expired"
        r"|not found|provided)"
        r"|(invalid|incorrect|no|missing|wrong|expired).{0,16}(api|subscription).?key|unauthori[sz]ed|authentication"
        r"|permission.{0,8}denied|location is not supported|country.{0,40}not supported",
        ErrorClass.AUTH,
    ),
    (
        r"context.?(length|window|size)|maximum context|max_?model_?len|too many tokens|(prompt|input"
        r"|request)\b.{0,40}"
        r"(is |are )?too (long|large)|input token count|input length|(reduce|shorten).{0,30}(prompt|length|message)"
        r"|tokens.{0,60}(exceed|must be <=|cannot exceed|maximum)|context overflow",
        ErrorClass.CONTEXT_LENGTH,
    ),
    (
        r"content.?filter|content.?policy|responsible.?ai|content management policy|moderation|usage polic"
        r"|inappropriate content|safety|sensitive content",
        ErrorClass.CONTENT_FILTER,
    ),
    (
        r"model\b.{0,80}(not found|not exist|does not exist|is not supported|decommissioned|not available"
        r"|deprecated|retired"
        r"|archived|shut ?down)|deployment\b.{0,60}(not found|not exist)"
        r"|(unknown|no such|invalid) model|model_?not_?found|model (id|identifier|name).{0,40}(invalid"
        r"|not valid|unknown)"
        r"|not a valid model|on.demand throughput|inference profile|non.serverless model|end of (its )?life"
        r"|api.?version.{0,40}(not supported|invalid|unsupported)",
        ErrorClass.NOT_FOUND,
    ),
    (
        r"(do(es)?n.t|do(es)? not|no longer) have (access|permission)|not (authorized|permitted|entitled) to"
        r"|no access to",
        ErrorClass.AUTH,
    ),
    (
        r"internal (server )?error|cuda|out of memory|upstream|crash|bad gateway|engine.?core|background loop"
        r"|(engine|worker|scheduler|backend|replica|actor)s?\b.{0,30}(dead|died|stopped|encountered|fail|lost|errored"
        r"|not running|shut)|stack.?trace|traceback|errored already|\bnccl\b|device.side|no healthy"
        r"|no available (worker"
        r"|backend|server)|connection (refused|reset|error|to)|request failed during|server (has "
        r"|had )?encountered|(server|unexpected|unhandled)"
        r" (had an )?(error|exception)|runtime ?error",
        ErrorClass.SERVER_ERROR,
    ),
    (
        r"overloaded|unavailable|at capacity|no capacity|queue is full|\bbusy\b|is loading|loading model",
        ErrorClass.OVERLOADED,
    ),
    (r"timed?.?out|deadline", ErrorClass.TIMEOUT),
)
_ANY = frozenset(found for _, found in _WORDS)
_WORDS_COUNT: dict[int | None, frozenset[ErrorClass]] = {
    None: _ANY,
    400: _ANY,
    412: _ANY,
    422: _ANY,
    403: frozenset({ErrorClass.RATE_LIMITED, ErrorClass.QUOTA, ErrorClass.CONTENT_FILTER}),
    401: frozenset({ErrorClass.QUOTA}),
    413: frozenset({ErrorClass.RATE_LIMITED}),
    500: frozenset({ErrorClass.QUOTA, ErrorClass.CONTEXT_LENGTH}),
    429: frozenset({ErrorClass.RATE_LIMITED, ErrorClass.QUOTA, ErrorClass.OVERLOADED}),
}
"""Statuses (None: a successful one) beside which words count, and for which classes."""


def kind_of(report: ErrorReport, status: int | None, wait_s: float | None) -> ErrorClass:
    """Return the class of an error.

    Args:
        report: What the body says.
        status: Of the response; None where it was successful.
        wait_s: What the server asks to wait, wherever it says so.
    """
    if report.has_daily_quota or status == 402:
        return ErrorClass.QUOTA
    found = _by_name(report, wait_s) or _by_number(report, status, wait_s)
    if status == 429 and found in ABOUT_THE_DOC:
        found = ErrorClass.RATE_LIMITED
    is_account = found == ErrorClass.RATE_LIMITED and _says_account(report.message)
    return ErrorClass.QUOTA if is_account else found


def _says_account(message: str) -> bool:
    """Tell whether a limit is none of the rate, but one that waiting does not lift."""
    text = message[:4000]
    if _NOTHING_ALLOWED.search(text):
        return True
    return bool(_ACCOUNT_AFTER_ALL.search(text)) and not _PER_MINUTE.search(text)


def _by_name(report: ErrorReport, wait_s: float | None) -> ErrorClass | None:
    for name in report.names:
        found = _looked_up(name, NAMES)
        passes = wait_s is not None or _RATE_AFTER_ALL.search(report.message)
        if found == ErrorClass.QUOTA and passes and _bare(name) in _PASSING:
            return ErrorClass.RATE_LIMITED
        if found is not None:
            return found
    return None


def _bare(name: str) -> str:
    return name.removesuffix("exception").removesuffix("error")


def _looked_up(name: str, table: Mapping[str, ErrorClass]) -> ErrorClass | None:
    head = name.partition(".")[0]
    tail = name.rpartition(".")[2]
    candidates = (name, name.removesuffix("exception"), _bare(name), head, _bare(head), tail)
    return next((table[c] for c in candidates if c in table), None)


def _by_number(report: ErrorReport, status: int | None, wait_s: float | None) -> ErrorClass:
    is_wrapped = status is None or status in _WRAPPERS
    number = next(iter(report.numbers), status) if is_wrapped else status
    by_status = None if number is None else _BY_STATUS.get(number, ErrorClass.SERVER_ERROR)
    said = _of_words(report.message, number, wait_s)
    if said is not None:
        return said
    if by_status is not None:
        return by_status
    weak = (_looked_up(name, _WEAK_NAMES) for name in report.names)
    return next((w for w in weak if w is not None), ErrorClass.SERVER_ERROR)


def _of_words(message: str, number: int | None, wait_s: float | None) -> ErrorClass | None:
    """Return what the words say, where they may say anything; addresses in them say nothing."""
    counting = _WORDS_COUNT.get(number)
    if counting is None:
        return None
    text = re.sub(r"https?://\S+", "", message[:4000])
    for pattern, found in _WORDS:
        if found not in counting or not re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            continue
        passes = found == ErrorClass.QUOTA and wait_s is not None
        return ErrorClass.RATE_LIMITED if passes else found
    return None
