"""The live server, asked over HTTP: what it answers, to whom, and that it writes nothing."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.report.made_runs import SCRIPT, write_run, write_windows

from relume.errors import RunFileError, ServeError
from relume.report.serve import Server, address, is_own, server_of
from relume.runfile.writer import open_for_writing


@contextmanager
def serving(path: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    server = server_of(path, host=host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(server: Server, path: str, *, method: str = "GET", host: str = "") -> tuple[int, str]:
    port = server.server_address[1]
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run.sqlite", windows=2)


def test_the_page_and_its_news(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with open_for_writing(path, model="Network") as run:
        write_windows(run, range(2))
        with serving(path) as server:
            status, html = ask(server, "/")
            assert status == 200
            assert 'data-live="data.json"' in html
            assert "connect-src &#39;self&#39;" in html
            status, text = ask(server, "/data.json")
            news = json.loads(text)
            assert (status, news["runs"][0]["windows"]) == (200, 2)
            assert SCRIPT not in news["findings"]
            assert ask(server, f"/data.json?seen={news['seen']}") == (304, "")
            write_windows(run, range(2, 3))
            status, text = ask(server, f"/data.json?seen={news['seen']}")
            assert (status, json.loads(text)["runs"][0]["windows"]) == (200, 3)
            assert not json.loads(text)["runs"][0]["is_finished"]


def test_it_writes_nothing_and_answers_nothing_else(run_file: Path) -> None:
    before = run_file.read_bytes()
    with serving(run_file) as server:
        assert ask(server, "/../etc/passwd")[0] == 404
        for method in ("POST", "PUT", "DELETE"):
            assert ask(server, "/", method=method)[0] == 501
    assert run_file.read_bytes() == before
    assert [path.name for path in run_file.parent.iterdir()] == ["run.sqlite"]


def test_a_page_of_another_site_learns_nothing(run_file: Path) -> None:
    with serving(run_file) as server:
        assert not server.token
        assert ask(server, "/data.json", host="evil.example") == (403, "Ask for 127.0.0.1 or localhost.")
        assert ask(server, "/data.json", host="localhost:80")[0] == 200


def test_where_others_reach_it_a_token_is_asked_for(run_file: Path) -> None:
    with serving(run_file, host="0.0.0.0") as server:
        assert len(server.token) > 20
        assert address(server).endswith(f"/?token={server.token}")
        for wrong in ("/", "/?token=", "/?token=guess", "/data.json?token=%C3%A9"):
            status, said = ask(server, wrong, host="anything")
            assert status == 403
            assert "with its token" in said
        assert ask(server, f"/data.json?token={server.token}", host="anything")[0] == 200


def test_which_addresses_are_of_this_machine_alone() -> None:
    assert [is_own(host) for host in ("127.0.0.1", "localhost", "::1", "127.1.2.3")] == [True] * 4
    assert [is_own(host) for host in ("0.0.0.0", "::", "192.168.1.2", "example.org")] == [False] * 4


def test_a_damaged_file_is_told_to_the_page(run_file: Path) -> None:
    with serving(run_file) as server:
        run_file.unlink()
        status, said = ask(server, "/data.json")
    assert status == 500
    assert said.startswith(f"{run_file} does not exist.")


def test_a_port_that_is_taken_is_told(run_file: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ServeError, match=rf"^cannot serve at 127\.0\.0\.1, port {port} \(Address already"
        ):
            server_of(run_file, port=port)


def test_a_host_that_is_none_is_told(run_file: Path) -> None:
    with pytest.raises(ServeError, match=r"^cannot serve at 256\.1\.1\.1, port 0 \("):
        server_of(run_file, host="256.1.1.1")


def test_no_run_file_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="does not exist"):
        server_of(tmp_path / "none.sqlite")
