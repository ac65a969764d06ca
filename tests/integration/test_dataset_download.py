"""Downloads from a server on this machine: whole, resumed, changed, damaged, refused; and archives that break out."""

from __future__ import annotations

import hashlib
import io
import stat
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from eval.datasets.dataset import Remote
from eval.datasets.download import TRIES, download
from eval.datasets.unpacking import unpack
from eval.datasets.wands import WANDS
from search.errors import DatasetError

CONTENT = bytes(range(256)) * 40
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
GIT = f"git:{hashlib.sha1(b'blob %d' % len(CONTENT) + bytes(1) + CONTENT, usedforsecurity=False).hexdigest()}"


@dataclass
class Site:
    """What the server does. `cut`: answers break off after so many bytes, as often as there are numbers."""

    content: bytes = CONTENT
    tag: str = '"v1"'
    ranges: bool = True
    cut: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    address: str = ""

    def remote(self, **changes: object) -> Remote:
        return replace(Remote(f"{self.address}/file.bin", "file.bin", len(CONTENT), SHA256), **changes)


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted, only_if = self.headers["Range"], self.headers["If-Range"]
            site.asked.append((wanted, only_if))
            status = site.statuses.pop(0) if site.statuses else 200
            start = 0
            if status == 200 and site.ranges and wanted and only_if in (None, site.tag):
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                status = 206 if start < len(site.content) else 416
            body = site.content[start:] if status in (200, 206) else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if site.tag:
                self.send_header("ETag", site.tag)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(site.content) - 1}/{len(site.content)}")
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if body and site.cut:
                self.wfile.write(body[: site.cut.pop(0)])
                self.close_connection = True
            else:
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None: ...

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(site))
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(remote: Remote, folder: Path) -> list[float]:
    """The pauses between tries."""
    pauses: list[float] = []
    download(replace(WANDS, remotes=(remote,)), folder, httpx.Timeout(5.0), pauses.append)
    return pauses


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".download.lock")


@pytest.mark.parametrize("digest", [SHA256, GIT, None])
def test_a_file_is_fetched_once(site: Site, tmp_path: Path, digest: str | None) -> None:
    for _ in range(2):
        assert fetch(site.remote(digest=digest), tmp_path / "cache") == []
    assert (tmp_path / "cache" / "file.bin").read_bytes() == CONTENT
    assert names(tmp_path / "cache") == ["file.bin"]
    assert site.asked == [(None, None)]


def test_a_broken_connection_is_resumed_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.cut = [1000, 500]
    assert fetch(site.remote(), tmp_path) == [1.0, 2.0]
    assert site.asked == [(None, None), ("bytes=1000-", '"v1"'), ("bytes=1500-", '"v1"')]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert names(tmp_path) == ["file.bin"]


def test_an_interrupted_download_goes_on_the_next_time(site: Site, tmp_path: Path) -> None:
    site.cut = [100] * TRIES
    with pytest.raises(DatasetError, match=r"file\.bin could not be fetched"):
        fetch(site.remote(), tmp_path)
    assert names(tmp_path) == [".file.bin.part", ".file.bin.part.tag"]
    fetch(site.remote(), tmp_path)
    assert site.asked[-1] == ("bytes=400-", '"v1"')
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".file.bin.part").write_bytes(b"old" * 10)
    (tmp_path / ".file.bin.part.tag").write_text('"v0"')
    fetch(site.remote(digest=None), tmp_path)
    assert site.asked == [("bytes=30-", '"v0"')]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_of_it_again(site: Site, tmp_path: Path) -> None:
    site.ranges, site.cut = False, [1000]
    fetch(site.remote(), tmp_path)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_without_tag_and_digest_nothing_is_resumed(site: Site, tmp_path: Path) -> None:
    site.tag, site.cut = "", [1000]
    fetch(site.remote(digest=None), tmp_path)
    assert site.asked == [(None, None), (None, None)]


def test_a_wrong_beginning_is_found_out_by_the_digest(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".file.bin.part").write_bytes(b"x" * 1000)
    assert fetch(site.remote(), tmp_path) == [1.0]
    assert site.asked == [("bytes=1000-", None), (None, None)]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_what_was_all_there_but_not_named_is_only_checked(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".file.bin.part").write_bytes(CONTENT)
    assert fetch(site.remote(), tmp_path) == []
    assert names(tmp_path) == ["file.bin"]


def test_a_file_of_another_content_is_never_used(site: Site, tmp_path: Path) -> None:
    site.content = CONTENT[:-1] + b"!"
    with pytest.raises(DatasetError, match=f"its digest is not {SHA256}"):
        fetch(site.remote(), tmp_path)
    assert names(tmp_path) == []
    assert len(site.asked) == TRIES


def test_a_file_of_another_size_is_not_fetched(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"has 10,240 bytes, not 99: it has changed"):
        fetch(site.remote(size=99), tmp_path)
    assert names(tmp_path) == []
    (tmp_path / "file.bin").write_bytes(b"short")
    with pytest.raises(DatasetError, match=r"file.bin has 5 bytes, not 10,240\. Remove it"):
        fetch(site.remote(), tmp_path)


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, TRIES), (429, TRIES)])
def test_refusals_are_final_and_faults_are_not(site: Site, tmp_path: Path, status: int, tries: int) -> None:
    site.statuses = [status] * TRIES
    with pytest.raises(DatasetError, match=f"HTTP {status}"):
        fetch(site.remote(), tmp_path)
    assert len(site.asked) == tries


def test_a_form_that_was_not_asked_for_is_refused(site: Site, tmp_path: Path) -> None:
    site.headers = {"Content-Encoding": "br"}
    with pytest.raises(DatasetError, match="compressed form"):
        fetch(site.remote(), tmp_path)


def test_no_network_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"http://127.0.0.1:9/file.bin could not be fetched: .*[Cc]onnect"):
        fetch(Remote("http://127.0.0.1:9/file.bin", "file.bin"), tmp_path)


def test_two_downloads_at_once_and_places_that_cannot_be_written(site: Site, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".download.lock"), pytest.raises(DatasetError, match="Another process is downloading"):
        fetch(site.remote(), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot be written"):
        fetch(site.remote(), tmp_path / "file")


# --- archives --------------------------------------------------------------------------------------------------------


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def test_an_archive_is_fetched_taken_apart_and_removed(site: Site, tmp_path: Path) -> None:
    site.content = archive(scifact__corpus=b"1", scifact__qrels__test=b"2")
    remote = site.remote(size=None, digest=None, unpack="scifact")
    for _ in range(2):
        fetch(remote, tmp_path)
    assert names(tmp_path) == ["scifact"]
    assert (tmp_path / "scifact" / "qrels" / "test").read_bytes() == b"2"
    assert len(site.asked) == 1


def test_an_archive_without_the_folder_is_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive(corpus=b"1"))
    assert (unpack(tmp_path / "a.zip", tmp_path, "scifact") / "corpus").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../out", "scifact/../../out", "/etc/out", "C:\\out", "a\\..\\..\\out"])
def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.zip").write_bytes(archive(**{"scifact__corpus": b"1", name: b"2"}))
    with pytest.raises(DatasetError, match=r"leads out of its folder; not unpacked"):
        unpack(tmp_path / "a.zip", tmp_path / "deep", "scifact")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_links_bombs_and_broken_archives_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("scifact/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    (tmp_path / "bomb.zip").write_bytes(archive(zeros=bytes(80 * 2**20)))
    (tmp_path / "empty.zip").write_bytes(archive())
    good = archive(corpus=b"some text")
    (tmp_path / "crc.zip").write_bytes(good.replace(crc(b"some text"), b"\0\0\0\0"))
    (tmp_path / "none.zip").write_bytes(b"<html>404</html>")
    for name, message in {
        "link": "is a link",
        "bomb": "would grow to 83,886,080 bytes",
        "empty": "holds no files",
        "crc": "is no readable zip archive: Bad CRC-32",
        "none": "is no readable zip archive: File is not a zip file. Download it again",
    }.items():
        with pytest.raises(DatasetError, match=message):
            unpack(tmp_path / f"{name}.zip", tmp_path, "scifact")
    assert all(path.suffix == ".zip" for path in tmp_path.iterdir())


def crc(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")
