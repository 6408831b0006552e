"""One download over HTTP: proxy, timeout, size limit, back-off; whole or not at all (standard library only)."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from steppe.errors import FetchError

_CHUNK: Final = 1 << 16
# The service lives and has no such thing (Wyoming answers 400 or 404, by its source)
_ABSENT: Final = (400, 404, 410)
# Worth another try: overload and what stands between (RFC 9110, section 15; 429: RFC 6585)
_PASSING: Final = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a download behaves.

    Attributes
    ----------
    timeout_s
        How long one wait for the server may last.
    tries
        How often a passing failure is tried.
    back_off_s
        Pause after the first failure; each further one is twice as long.
    size_limit
        Largest size in bytes.
    """

    timeout_s: float = 60.0
    tries: int = 3
    back_off_s: float = 2.0
    size_limit: int = 300_000_000


class AbsentError(FetchError):
    """The service says that it does not have the file, or does not understand its address."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never to another protocol."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        # http may become https, and nothing else may change
        if urlsplit(newurl).scheme not in ("https", urlsplit(req.full_url).scheme):
            raise FetchError(f"{req.full_url} redirects to {newurl}, which is another protocol; refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, target: Path, manner: Manner, *, patient: bool) -> str:
    """Write what a URL gives into a file and return its SHA-256.

    The proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.

    Parameters
    ----------
    url
        http or https.
    target
        The file; the caller removes it if this fails.
    manner
        Timeout, tries, size limit.
    patient
        Whether an answer such as 503 is tried again; some services ask that it is not.

    Raises
    ------
    AbsentError
        If the service does not have it.
    FetchError
        If the file cannot be had; the message says why and what to do.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise FetchError(f"expected an http or https address, got {url!r}; check --base-url")
    pause_s = manner.back_off_s
    for attempt in range(1, manner.tries + 1):
        try:
            return _once(url, target, manner)
        except urllib.error.HTTPError as error:
            error.close()
            if not (patient and error.code in _PASSING) or attempt == manner.tries:
                kind = AbsentError if error.code in _ABSENT else FetchError
                raise kind(_http_words(url, error, attempt)) from error
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, _CutOffError) as error:
            if attempt == manner.tries:
                reason = getattr(error, "reason", None) or str(error) or type(error).__name__
                raise FetchError(
                    f"cannot get {url}: {reason} ({attempt} tries); check the network and HTTPS_PROXY, try --timeout, "
                    "a mirror with --base-url, or --offline for what the cache has"
                ) from error
        time.sleep(pause_s)
        pause_s *= 2.0
    raise FetchError(f"cannot get {url}: expected at least one try, got {manner.tries}")


class _CutOffError(Exception):
    """The connection ended before the promised length."""


def _once(url: str, target: Path, manner: Manner) -> str:
    from steppe import __version__

    request = urllib.request.Request(url, headers={"User-Agent": f"steppe/{__version__}"})
    opener = urllib.request.build_opener(_Redirects())
    digest = hashlib.sha256()
    received = 0
    with cast(http.client.HTTPResponse, opener.open(request, timeout=manner.timeout_s)) as answer:
        text = answer.headers.get("Content-Length", "")
        promised = int(text) if text.isdigit() else None
        if promised is not None and promised > manner.size_limit:
            raise FetchError(_too_large(url, promised, manner))
        with target.open("wb") as stream:
            while chunk := answer.read(_CHUNK):
                received += len(chunk)
                if received > manner.size_limit:
                    raise FetchError(_too_large(url, received, manner))
                digest.update(chunk)
                stream.write(chunk)
    if promised is not None and received != promised:
        raise _CutOffError(f"the connection ended after {received} of {promised} bytes")
    if received == 0:
        raise FetchError(f"{url} gave an empty file; the service has nothing for this request")
    return digest.hexdigest()


def _too_large(url: str, size: int, manner: Manner) -> str:
    return f"{url} is larger than the limit ({size} of {manner.size_limit} bytes); raise it with --size-limit"


def _http_words(url: str, error: urllib.error.HTTPError, tries: int) -> str:
    hint = {
        403: "the service refuses; it may limit how often it is asked: wait some hours and read its usage policy",
        404: "the service does not have it; check station, date and --base-url",
    }.get(error.code, "the service does not work now; try later")
    if "infinite loop" in str(error.msg):
        return f"cannot get {url}: it redirects in a circle; check --base-url"
    if 300 <= error.code < 400:
        hint = "the address has moved; report it, and use --base-url until then"
    times = f" ({tries} tries)" if tries > 1 else ""
    return f"cannot get {url}: HTTP {error.code} {error.reason}{times}; {hint}"
