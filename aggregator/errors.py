"""Everything that can go wrong between a satker's site and a stored entry, as one tree.

    PortalError                   code, permanent, and a sentence a person can act on
    ├── RegistryError             a registry file or a satker code that cannot be used
    ├── FeedError                 one attempt to read one feed failed
    │   ├── FetchError            ... before a usable body had arrived
    │   │   ├── AddressRefused    the URL, host, port or address may not be asked
    │   │   ├── ConnectFailed     DNS, TCP, TLS
    │   │   ├── TimedOut          connect, idle or total time
    │   │   ├── HttpStatus        an answer other than 200 and 304
    │   │   ├── RedirectRefused   loop, downgrade, too many, or a host that is not approved
    │   │   └── BodyRefused       too large, a bomb, cut short, or undecodable
    │   └── ParseError            a body arrived and it is no feed we can read
    ├── EntryRejected             one entry of a readable feed is unusable
    ├── SearchError               the index or a query
    │   ├── QueryRefused          beyond the limits of the query language
    │   └── IndexUnavailable      missing, torn or not to be trusted
    └── RequestError              a request of a reader that cannot be answered as it is
        ├── BadParameter          answered with 400 and a sentence that names the parameter
        ├── UnknownValue          a code or slug that does not exist: answered with 404
        └── TooMany               more than is taken on for now: answered with 429

`code` is stable: it is stored on the fetch log, counted in reports and asserted in tests.
`permanent` says that trying again soon cannot help; it lengthens the wait, it never ends it.
Library errors are mapped to these at one edge each (fetch.py, parse.py, search/).
"""


class PortalError(Exception):
    """Base of all errors that carry a stable code and a sentence for people."""

    code = "error"
    permanent = False

    def __init__(self, message: str, *, code: str | None = None, permanent: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if permanent is not None:
            self.permanent = permanent

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (parse workers); Exception's own pickling loses keyword arguments.
        return (_rebuild, (type(self), self.message, self.code, self.permanent, self.__dict__))

    def __str__(self) -> str:
        return self.message


def _rebuild(
    cls: type[PortalError], message: str, code: str, permanent: bool, state: dict[str, object]
) -> PortalError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    error.message, error.code, error.permanent = message, code, permanent
    return error


class RegistryError(PortalError):
    code = "registry"
    permanent = True


class FeedError(PortalError):
    code = "feed"


class FetchError(FeedError):
    code = "fetch"


class AddressRefused(FetchError):
    code = "address_refused"
    permanent = True


class ConnectFailed(FetchError):
    """Codes: `dns`, `connect`, `tls`, `reset`, `protocol` (not valid HTTP)."""

    code = "connect"


class TimedOut(FetchError):
    code = "timeout"


class HttpStatus(FetchError):
    """Codes: `http_404`, `http_410`, `http_429`, `http_503` ...: `http_` and the status."""

    code = "http"

    def __init__(self, status: int, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, code=f"http_{status}", permanent=status in (401, 403, 404, 405, 410, 451))
        self.status = status
        self.retry_after = retry_after


class RedirectRefused(FetchError):
    """Codes: `redirect_loop`, `redirect_downgrade`, `redirect_host`, `redirect_limit`, `redirect_invalid`."""

    code = "redirect"
    permanent = True


class BodyRefused(FetchError):
    """Codes: `too_large`, `bomb`, `truncated`, `encoding`."""

    code = "body"


class ParseError(FeedError):
    """Codes: `empty`, `html`, `not_a_feed`, `not_xml`, `media_type`, `parse_timeout`, `parse_memory`."""

    code = "parse"


class EntryRejected(PortalError):
    """Codes: `entry_empty`, `entry_too_large`."""

    code = "entry"
    permanent = True


class SearchError(PortalError):
    code = "search"


class QueryRefused(SearchError):
    code = "query_refused"
    permanent = True


class IndexUnavailable(SearchError):
    code = "index_unavailable"


class RequestError(PortalError):
    code = "request"
    permanent = True

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class BadParameter(RequestError):
    code = "bad_parameter"


class UnknownValue(RequestError):
    code = "unknown_value"


class TooMany(RequestError):
    """Later it may be otherwise."""

    code = "too_many"
