"""Downloads the files of a judged set: an interrupted one goes on where it stopped, and a wrong one is never used.

A file grows under a hidden name and gets its own when size and digest are right. What is there already is not fetched
again. After an interruption the rest is asked for (`Range`), but only if the server says it is still the same file
(`If-Range`), or if the digest will tell. Everything else starts from the top.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
from filelock import FileLock, Timeout
from tqdm import tqdm

from eval.datasets.dataset import Dataset, Remote
from eval.datasets.unpacking import unpack
from search.errors import DatasetError

PATIENCE = httpx.Timeout(60.0, connect=15.0)
TRIES = 4
_CHUNK = 2**20


class _Again(Exception):
    """What came cannot be used, and another try may bring better."""


def download(
    dataset: Dataset, folder: Path, timeout: httpx.Timeout = PATIENCE, pause: Callable[[float], None] = time.sleep
) -> None:
    """Fetch what `folder` lacks of the set's files. Raises DatasetError that says how to get them otherwise."""
    if not dataset.remotes:
        raise DatasetError(f"'{dataset.name}' cannot be downloaded from here.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            FileLock(folder / ".download.lock", timeout=0),
            httpx.Client(timeout=timeout, follow_redirects=True, headers={"User-Agent": "daogou"}) as client,
        ):
            for remote in dataset.remotes:
                _fetch(client, remote, folder, pause)
    except Timeout:
        raise DatasetError(f"Another process is downloading to {folder}. Wait for it.") from None
    except OSError as error:
        raise DatasetError(f"{folder} cannot be written: {error.strerror or error}") from error


def missing(remotes: Sequence[Remote], folder: Path) -> tuple[Remote, ...]:
    return tuple(remote for remote in remotes if not _there(remote, folder).exists())


def _there(remote: Remote, folder: Path) -> Path:
    return folder / (remote.unpack or remote.name)


def _fetch(client: httpx.Client, remote: Remote, folder: Path, pause: Callable[[float], None]) -> None:
    target = _there(remote, folder)
    if target.exists():
        if target.is_file() and remote.size not in (None, target.stat().st_size):
            raise DatasetError(
                f"{target} has {target.stat().st_size:,} bytes, not {remote.size:,}. Remove it to download it again."
            )
        return
    if remote.size and shutil.disk_usage(folder).free < remote.size:
        raise DatasetError(f"{folder} has no room for {remote.name}: it takes {remote.size:,} bytes.")
    part = folder / f".{remote.name}.part"
    for left in reversed(range(TRIES)):
        try:
            _receive(client, remote, part)
            _check(remote, part)
            break
        except (httpx.TransportError, _Again) as error:
            if not left:
                raise DatasetError(
                    f"{remote.url} could not be fetched: {str(error) or type(error).__name__}."
                ) from error
            pause(2.0 ** (TRIES - 1 - left))
        except httpx.HTTPError as error:  # too many redirects and the like
            raise DatasetError(f"{remote.url} could not be fetched: {error}") from error
    _tag(part).unlink(missing_ok=True)
    if remote.unpack is None:
        part.replace(target)
        return
    try:
        unpack(part, folder, remote.unpack)
    finally:
        part.unlink(missing_ok=True)  # right, and taken apart; or right, and no good: there is no other


def _receive(client: httpx.Client, remote: Remote, part: Path) -> None:
    """Append what is lacking to `part`, or write it anew. Raises httpx.TransportError, _Again, DatasetError."""
    have = part.stat().st_size if part.exists() else 0
    tag = _tag(part).read_text(encoding="utf-8") if _tag(part).exists() else ""
    headers = {"Accept-Encoding": "identity"}
    if have and (tag or remote.digest):
        headers["Range"] = f"bytes={have}-"
        if tag:
            headers["If-Range"] = tag
    with client.stream("GET", remote.url, headers=headers) as response:
        if response.url.scheme != "https" and remote.url.startswith("https:"):
            raise DatasetError(f"{remote.url} leads to {response.url}, which is not encrypted; not fetched.")
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if remote.digest and have and _matches(remote, part):
                return  # all of it was there
            _forget(part)
            raise _Again("the server has no more of it than there is already, which is wrong")
        if response.status_code in (429, 500, 502, 503, 504):
            raise _Again(f"HTTP {response.status_code}")
        if response.status_code not in (200, 206):
            raise DatasetError(f"{remote.url} could not be fetched: HTTP {response.status_code}.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise DatasetError(f"{remote.url} comes in a compressed form that was not asked for; not fetched.")
        if response.status_code == 206:
            if not re.match(rf"bytes {have}-", response.headers.get("Content-Range", "")):
                _forget(part)
                raise _Again("the server sent another part of it than was asked for")
        else:
            have = 0
            # A weak tag may stand for other bytes.
            tag = response.headers.get("ETag", "")
            _tag(part).write_text("" if tag.startswith("W/") else tag, encoding="utf-8")
        length = int(response.headers.get("Content-Length", -1))
        total = have + length if length >= 0 else remote.size
        if remote.size is not None and total != remote.size:
            _forget(part)
            raise DatasetError(f"{remote.url} has {total:,} bytes, not {remote.size:,}: it has changed; not fetched.")
        with (
            part.open("ab" if have else "wb") as file,
            tqdm(
                total=total,
                initial=have,
                desc=remote.name,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                mininterval=0.2 if sys.stderr.isatty() else 10.0,
                file=sys.stderr,
            ) as bar,
        ):
            for chunk in response.iter_raw():  # as they come: of chunks of a set size a break would lose the last one
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size != total:
        raise _Again(f"{part.stat().st_size:,} of {total:,} bytes came")


def _check(remote: Remote, part: Path) -> None:
    """Raises _Again where size or digest is wrong: then the file is gone, and the next try starts from the top."""
    size = part.stat().st_size
    if remote.size is not None and size != remote.size:
        _forget(part)
        raise _Again(f"it has {size:,} bytes, not {remote.size:,}")
    if not _matches(remote, part):
        _forget(part)
        raise _Again(f"what came is not the file that was published: its digest is not {remote.digest}")


def _matches(remote: Remote, path: Path) -> bool:
    if remote.digest is None:
        return True
    kind, _, expected = remote.digest.partition(":")
    if kind == "git":  # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == expected


def _tag(part: Path) -> Path:
    """Beside a file that grows: what the server called this version of it."""
    return part.with_name(f"{part.name}.tag")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _tag(part).unlink(missing_ok=True)
