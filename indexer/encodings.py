"""Which encoding a catalogue is in, and how to get UTF-8 out of it whatever happens.

The rule is small so that it is predictable: a byte order mark decides; else text that is valid UTF-8 is UTF-8, even
with a few foreign lines in it; else it is GB 18030 where its bytes pair up as common Chinese characters do; else it
is Windows-1252. Bytes that still make no sense become U+FFFD: a byte never costs a row. For anything else the mapping
names the encoding.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import Protocol


class Readable(Protocol):
    """What buffered and gzip files share."""

    def read1(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


SAMPLE = 1 << 20
"""Bytes looked at to find the encoding."""

REPLACED = "�".encode()

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_HIGH = re.compile(rb"[\x80-\xff]")
_COMMON_CHINESE = re.compile(rb"[\xa1-\xa3\xa8\xb0-\xd7][\xa1-\xfe]")
"""GB 2312's punctuation, its accented letters and its 3,755 most frequent characters."""
_FOUR_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
"""How GB 18030 writes what GB 2312 lacks."""

# A byte that is no UTF-8 comes out of `surrogateescape` as U+DC80…U+DCFF; it was most likely Windows-1252.
_FROM_1252 = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}


def detect(sample: bytes, complete: bool) -> tuple[str, int]:
    """The encoding and the length of the byte order mark of a file that begins with `sample`."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name, len(mark)
    return _without_mark(sample, complete), 0


def decode_line(data: bytes) -> tuple[str, bool]:
    """The text of a line of a UTF-8 file, and whether foreign bytes in it had to be mended."""
    try:
        return data.decode(), False
    except UnicodeDecodeError:
        if _is_chinese(data):
            return data.decode("gb18030", "replace"), True
        return data.decode("utf-8", "surrogateescape").translate(_FROM_1252), True


def known(encoding: str) -> bool:
    """Whether Python can decode it to text."""
    try:
        b"".decode(encoding)
        return "".encode(encoding) is not None
    except LookupError:
        return False


class Recoded(io.RawIOBase):
    """`head` and then `rest` seen as UTF-8 with lines that end in a line feed."""

    def __init__(self, head: bytes, rest: Readable, encoding: str, old_mac: bool) -> None:
        self._head, self._rest, self._old_mac = head, rest, old_mac
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            data = self._head or self._rest.read1(SAMPLE)
            self._head = b""
            self._ready = self._recode(data)
            if not data:
                break
        piece, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._rest.close()
        super().close()

    def _recode(self, data: bytes) -> bytes:
        if self._decoder is not None:
            data = self._decoder.decode(data, final=not data).encode("utf-8", "replace")
        return data.replace(b"\r", b"\n") if self._old_mac else data


def ends_lines_in_cr(sample: bytes) -> bool:
    """Whether lines end the way they did on the Macs of the nineties, which Excel still offers."""
    return b"\r" in sample and b"\n" not in sample and sample.rstrip(b"\r").count(b"\r") > 0


def _without_mark(sample: bytes, complete: bool) -> str:
    if wide := _two_bytes(sample):
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample, final=complete)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    lines = re.split(rb"[\r\n]", sample)
    foreign = [line for line in lines if _HIGH.search(line)]
    broken = [line for line in foreign if not _is_utf8(line)]
    if 2 * len(broken) <= len(foreign):
        return "utf-8"
    return "gb18030" if _is_chinese(b"\n".join(broken)) else "cp1252"


def _two_bytes(sample: bytes) -> str | None:
    """UTF-16 without a mark shows in the zero bytes of its commas, digits and line ends."""
    size = len(sample) // 2
    if not size or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0) / size, sample[1::2].count(0) / size
    if odd > 0.1 and even < 0.01:
        return "utf-16-le"
    return "utf-16-be" if even > 0.1 and odd < 0.01 else None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(data: bytes) -> bool:
    data = _FOUR_BYTES.sub(b"", data)
    high = len(_HIGH.findall(data))
    return high > 1 and 2 * len(_COMMON_CHINESE.findall(data)) >= 0.7 * high
