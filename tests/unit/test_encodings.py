"""The rule that finds a file's encoding."""

from __future__ import annotations

import io

import pytest

from indexer.encodings import Recoded, decode_line, detect, known

CHINESE = "商品编号,标题,价格\n1001,华为手机 白色 双卡双待,899\n1002,轻奢纯棉刺绣水洗四件套，设计师原款,919\n"
FRENCH = "id,titre,prix\n1,Théière émaillée à fleurs,12\n2,Bouilloire électrique,30 €\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (FRENCH, "utf-8", "utf-8"),
        (FRENCH, "cp1252", "cp1252"),
        ("id,title\n1,plain\n", "ascii", "utf-8"),
    ],
)
def test_without_a_mark(text: str, written: str, found: str) -> None:
    data = text.encode(written)
    assert detect(data, complete=True) == (found, 0)
    assert detect(data * 3, complete=True) == (found, 0)


@pytest.mark.parametrize(
    ("written", "found", "mark"),
    [("utf-8-sig", "utf-8", 3), ("utf-16", "utf-16-le", 2), ("utf-32", "utf-32-le", 4)],
)
def test_a_byte_order_mark_decides(written: str, found: str, mark: int) -> None:
    assert detect(CHINESE.encode(written), complete=True) == (found, mark)


def test_a_sample_may_end_inside_a_character() -> None:
    data = CHINESE.encode()
    for end in range(20, 60):
        assert detect(data[:end], complete=False) == ("utf-8", 0)


def test_a_few_foreign_lines_do_not_change_a_utf8_file() -> None:
    data = FRENCH.encode() * 5 + FRENCH.encode("cp1252")
    assert detect(data, complete=True) == ("utf-8", 0)


def test_foreign_bytes_in_a_line_are_mended() -> None:
    assert decode_line("Théière".encode()) == ("Théière", False)
    assert decode_line("Théière €".encode("cp1252")) == ("Théière €", True)
    assert decode_line("Thé ".encode() + "thé".encode("cp1252")) == ("Thé thé", True)
    assert decode_line("华为手机白色".encode("gb18030")) == ("华为手机白色", True)
    assert decode_line(b"a\x81b") == ("a�b", True)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "cp1252", "utf-8"])
@pytest.mark.parametrize("size", [1, 2, 7])
def test_recoding_in_small_pieces(encoding: str, size: int) -> None:
    text = FRENCH if encoding == "cp1252" else CHINESE
    data = text.encode(encoding)

    class Slow(io.BytesIO):
        def read1(self, _: int | None = -1, /) -> bytes:
            return super().read1(size)

    stream = Recoded(data[:5], Slow(data[5:]), encoding, old_mac=False)
    assert io.BufferedReader(stream, 16).read().decode() == text


def test_old_mac_line_ends() -> None:
    stream = Recoded(b"a\rb", io.BytesIO(b"\rc"), "utf-8", old_mac=True)
    assert io.BufferedReader(stream).readlines() == [b"a\n", b"b\n", b"c"]


def test_known_encodings() -> None:
    assert known("big5")
    assert not known("base64")
    assert not known("no-such")
