"""The page of a run while it trains: a small server that reads the run file and writes nothing."""

import hmac
import ipaddress
import json
import secrets
import socket
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, urlsplit

from relume.errors import RelumeError, ServeError
from relume.report.follow import Stamp, read, stamp
from relume.report.run_page import need_extra, page, update
from relume.report.run_view import RunView

NEWS = "data.json"  # where the page asks for what is new
OWN_NAMES = ("localhost", "127.0.0.1", "::1")


class Latest:
    """A run file as it is now, read when somebody asks and it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()  # requests come in threads of their own
        self._stamp: Stamp | None = None
        self._view: RunView | None = None

    def seen(self) -> tuple[str, RunView]:
        """A word for its state, which is another one after each change, and the run."""
        with self._lock:
            now = stamp(self._path)
            if self._view is None or now != self._stamp:
                self._view, self._stamp = read(self._path, self._view), now
            return word(now), self._view

    def word(self) -> str:
        """The word alone, which takes no reading."""
        return word(stamp(self._path))


class Server(ThreadingHTTPServer):
    """Serves one run file; made by `server_of`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: Path, host: str, port: int) -> None:
        self.latest = Latest(path)
        self.token = "" if is_own(host) else secrets.token_urlsafe(16)
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        super().__init__((host, port), Handler)


class Handler(BaseHTTPRequestHandler):
    """Answers GET: the page, and what is new. There is nothing else, and nothing that writes."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if (refusal := self._refusal(asked)) is not None:
            self._send(HTTPStatus.FORBIDDEN, refusal, "text/plain")
            return
        try:
            if parts.path == "/":
                seen, view = self.server.latest.seen()
                self._send(HTTPStatus.OK, page([view], live=NEWS, seen=seen), "text/html")
            elif parts.path == f"/{NEWS}":
                self._send_news(asked.get("seen", ""))
            else:
                self._send(HTTPStatus.NOT_FOUND, "There is only the page at /.", "text/plain")
        except RelumeError as error:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, str(error), "text/plain")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is for what matters."""

    def _refusal(self, asked: dict[str, str]) -> str | None:
        """Why this is not answered, if it is not."""
        if self.server.token:
            is_known = hmac.compare_digest(asked.get("token", "").encode(), self.server.token.encode())
            return None if is_known else "Give the address with its token, as relume serve printed it."
        # A page of another site may ask under a name of its own that leads here; browsers tell that name.
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        return None if name in OWN_NAMES else "Ask for 127.0.0.1 or localhost."

    def _send_news(self, seen: str) -> None:
        if seen and seen == self.server.latest.word():
            self._send(HTTPStatus.NOT_MODIFIED, "", "application/json")
            return
        now, view = self.server.latest.seen()
        self._send(HTTPStatus.OK, json.dumps(update([view], seen=now), allow_nan=False), "application/json")

    def _send(self, status: HTTPStatus, text: str, kind: str) -> None:
        body = text.encode("utf-8")
        with suppress(ConnectionError):  # the browser has gone
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if status != HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")  # the address may hold a token
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)


def server_of(path: Path, *, host: str = "127.0.0.1", port: int = 0) -> Server:
    """A server of the run file at `path`, which listens; `serve_forever` answers, `server_close` ends it.

    Raises
    ------
    RunFileError
        There is no run file.
    ServeError
        The address cannot be had.
    MissingExtraError
        bokeh or jinja2 is not installed.
    """
    need_extra()
    read(path, None)
    try:
        return Server(path, host, port)
    except OSError as error:
        raise ServeError(
            f"cannot serve at {host}, port {port} ({error.strerror}). Give another --port, "
            "or 0 for any that is free."
        ) from error


def address(server: Server) -> str:
    """What to open in a browser."""
    host, port = str(server.server_address[0]), server.server_address[1]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}/" + (f"?token={server.token}" if server.token else "")


def is_own(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def word(now: Stamp) -> str:
    """A state of the file as a word.

    >>> word(((12, 4096), (15, 0)))
    '12-4096-15-0'
    """
    return "-".join(str(number) for each in now for number in each)
