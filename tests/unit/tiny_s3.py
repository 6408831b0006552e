"""As much of an S3 server as a campaign needs, on this machine: put (in parts too), get, head, list, delete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_DATE = "Wed, 01 Jan 2025 00:00:00 GMT"


class Server(ThreadingHTTPServer):
    """The bucket."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.refuses = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/bucket").lstrip("/")

    def _answer(self, code: int, content: bytes = b"", *, length: int | None = None, **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _error(self, code: int, name: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>{name}</Message></Error>".encode()
        self._answer(code, b"" if self.command == "HEAD" else body, Content_Type="application/xml")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            content = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            plain, rest = b"", content
            while size := int(re.split(rb"[;\r]", rest, maxsplit=1)[0], 16):
                start = rest.index(b"\r\n") + 2
                plain, rest = plain + rest[start : start + size], rest[start + size + 2 :]
            return plain
        return content

    def do_PUT(self) -> None:
        content = self._body()
        if self.server.refuses:
            return self._error(403, "AccessDenied")
        if number := self._asked("partNumber"):
            self.server.parts[int(number)] = content
        else:
            self.server.objects[self.key] = content
        return self._answer(200, ETag='"1"')

    def do_POST(self) -> None:
        """Begin an upload in parts, or end it: only then has the object its name."""
        self._body()
        if self.server.refuses:
            return self._error(403, "AccessDenied")
        ends = bool(self._asked("uploadId"))
        if ends:
            self.server.objects[self.key] = b"".join(self.server.parts[number] for number in sorted(self.server.parts))
        self.server.parts.clear()
        kind = f"{'Complete' if ends else 'Initiate'}MultipartUploadResult"
        body = f"<?xml version='1.0'?><{kind}><UploadId>one</UploadId><Key>k</Key><ETag>1</ETag></{kind}>"
        return self._answer(200, body.encode(), Content_Type="application/xml")

    def _asked(self, name: str) -> str:
        return parse_qs(urlsplit(self.path).query).get(name, [""])[0]

    def do_HEAD(self) -> None:
        self._get(with_content=False)

    def do_GET(self) -> None:
        self._get(with_content=True)

    def do_DELETE(self) -> None:
        self.server.objects.pop(self.key, None)
        self._answer(204)

    def _get(self, with_content: bool) -> None:
        if self.server.refuses:
            return self._error(403, "AccessDenied")
        if not self.key:
            return self._list() if with_content else self._answer(200)
        content = self.server.objects.get(self.key)
        if content is None:
            return self._error(404, "NoSuchKey")
        headers = {"ETag": '"1"', "Last_Modified": _DATE, "Accept_Ranges": "bytes"}
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
            headers["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
            content = content[first : last + 1]
        return self._answer(206 if wanted else 200, content if with_content else b"", length=len(content), **headers)

    def _list(self) -> None:
        prefix = self._asked("prefix")
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>1</ETag></Contents>"
            for name, content in sorted(self.server.objects.items())
            if name.startswith(prefix) and "/" not in name[len(prefix) :]
        )
        body = f"<?xml version='1.0'?><ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        self._answer(200, body.encode(), Content_Type="application/xml")


@contextmanager
def serve() -> Iterator[Server]:
    """Run the server in a thread for a while."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
