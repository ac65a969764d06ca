"""Readers of public judged sets, on small files in their very shapes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import judged_sets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.datasets.beir import BEIR, beir
from eval.datasets.dataset import Choice, Dataset, Judgement, Reading
from eval.datasets.esci import ESCI, EXAMPLES, PRODUCTS
from eval.datasets.homedepot import HOMEDEPOT
from eval.datasets.known import DATASETS, find_dataset
from eval.datasets.own import OWN
from eval.datasets.topics import read_topics
from eval.datasets.trec import TREC
from eval.datasets.wands import WANDS, features
from eval.qrels import EvalQuery
from search.errors import DatasetError


def opened(dataset: Dataset, folder: Path, split: str = "", locale: str = "") -> Reading:
    return dataset.open(folder, Choice(split or (dataset.splits or ("",))[0], locale, dict(dataset.labels)))


def rows(reading: Reading) -> dict[str, dict[str, Any]]:
    return {row["id"]: dict(row) for row in reading.products()}


def refusal(action: Callable[[], object], path: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        action()
    return str(caught.value).replace(str(path), "FILE")


# --- WANDS -----------------------------------------------------------------------------------------------------------


def test_wands_is_read_with_tabs_quotes_and_line_breaks_in_its_cells(tmp_path: Path) -> None:
    reading = opened(WANDS, judged_sets.wands(tmp_path))
    assert list(reading.queries())[:2] == [
        EvalQuery("0", "wooden bed", ("Beds",)),
        EvalQuery("5", 'writing desk 48"', ("Desks",)),
    ]
    products = rows(reading)
    assert products["0"] == {
        "id": "0",
        "title": "solid wood platform bed",
        "description": "good , deep sleep",
        "category": ["Furniture", "Bedroom Furniture", "Beds"],
        "class": ["Beds"],
        "rating": 4.5,
        "rating_count": 15,
        "review_count": 15,
        "attributes": {
            "overallwidth-sidetoside": "64.7",
            "dsprimaryproductstyle": "modern",
            "color": ["black", "white"],
        },
    }
    assert products["1"]["title"] == "bar stool 29'' \"tall\""
    assert products["1"]["description"] == 'first line\nsecond\twith a tab and "marks"'
    assert products["1"]["rating"] is None
    assert list(products) == ["0", "1", "2"]


def test_wands_labels_become_grades(tmp_path: Path) -> None:
    judgements = list(opened(WANDS, judged_sets.wands(tmp_path)).judgements())
    assert judgements[:2] == [Judgement("0", "0", 2), Judgement("0", "1", 0)]
    assert len(judgements) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a:1", {"a": "1"}),
        ("a : 1 | b:", {"a": "1"}),
        ("a:1|and 2|b:x:y", {"a": "1|and 2", "b": "x:y"}),
        ("a:1|a:2|a:1", {"a": ["1", "2"]}),
        ("loose", {}),
    ],
)
def test_features_of_wands(text: str, expected: dict[str, Any]) -> None:
    assert features(text) == expected


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "label",
            "id\tquery_id\tproduct_id\tlabel\n0\t0\t0\texact\n",
            "line 2: label 'exact' is none of: Exact, Partial",
        ),
        ("label", "id\tquery_id\tproduct_id\n", "line 1: there is no column 'label' in the header"),
        ("label", "id\tquery_id\tproduct_id\tlabel\n0\t0\tExact\n", "line 2: 3 cells, not the 4 of the header"),
        ("label", "", "is empty. Expected a header with: query_id, product_id, label"),
        ("label", "id\tquery_id\tproduct_id\tlabel\n0\t\t0\tExact\n", "line 2: there is no query_id"),
        ("query", 'query_id\tquery\n1\t"a lamp\n2\tdesk\n', "line 2: this row cannot be taken apart"),
        ("query", "query_id\tquery\n1\tlamp\n1\tdesk\n", "line 3: query '1' is here for the second time"),
        ("query", "query_id\tquery\n1\t  \n", "line 2: there is no text of the query"),
        ("query", b"query_id\tquery\n1\tcaf\xe9\n", "line 2: this is not UTF-8"),
    ],
)
def test_bad_rows_are_refused_with_file_and_line(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    path = judged_sets.wands(tmp_path) / "dataset" / f"{name}.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    reading = opened(WANDS, tmp_path)
    said = refusal(lambda: (list(reading.queries()), list(reading.judgements())), path)
    assert said.startswith("FILE")
    assert message in said


def test_a_line_break_inside_a_cell_counts_as_a_line(tmp_path: Path) -> None:
    path = judged_sets.wands(tmp_path) / "dataset" / "query.csv"
    path.write_text('query_id\tquery\n1\t"a\nlamp"\n2\t\n')
    assert refusal(lambda: list(opened(WANDS, tmp_path).queries()), path).startswith("FILE, line 4:")


def test_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "query.csv").touch()
    assert refusal(lambda: opened(WANDS, tmp_path), tmp_path) == "FILE lacks product.csv, label.csv."
    assert "is no folder" in refusal(lambda: opened(WANDS, tmp_path / "nowhere"), tmp_path)


def test_gzipped_files_are_read_and_damaged_ones_refused(tmp_path: Path) -> None:
    folder = judged_sets.wands(tmp_path) / "dataset"
    packed = gzip.compress(judged_sets.WANDS_QUERIES.encode())
    (folder / "query.csv").unlink()
    path = folder / "query.csv.gz"
    path.write_bytes(packed)
    assert len(list(opened(WANDS, tmp_path).queries())) == 4
    for damaged in (packed[:-20], b"no gzip at all"):
        path.write_bytes(damaged)
        assert "cannot be read to its end" in refusal(lambda: list(opened(WANDS, tmp_path).queries()), path)


# --- ESCI ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row_group", [2, 1000])
def test_esci_is_one_shop_for_each_locale(tmp_path: Path, row_group: int) -> None:
    folder = judged_sets.esci(tmp_path, row_group)
    american = rows(opened(ESCI, folder, "small-test", "us"))
    assert list(american) == ["B01", "B02", "B03", "B04", "B05"]
    assert american["B01"] == {
        "id": "B01",
        "title": "Bath fan",
        "description": "80 cfm\nwhite\nQuiet.",
        "brand": "Revent",
        "colour": "White",
        "language": "en",
    }
    assert rows(opened(ESCI, folder, "small-test", "es"))["B01"]["title"] == "Ventilador de baño"
    assert rows(opened(ESCI, folder, "small-test", "jp"))["B09"]["language"] == "ja"


@pytest.mark.parametrize(
    ("split", "locale", "queries"),
    [
        ("small-test", "us", ["10"]),
        ("large-test", "us", ["10", "11"]),
        ("small-train", "us", ["12"]),
        ("small-test", "es", ["20"]),
        ("large-train", "jp", []),
    ],
)
def test_esci_splits(tmp_path: Path, split: str, locale: str, queries: list[str]) -> None:
    reading = opened(ESCI, judged_sets.esci(tmp_path), split, locale)
    assert [query.id for query in reading.queries()] == queries
    assert list(dict.fromkeys(each.query for each in reading.judgements())) == queries


def test_esci_grades_and_sources(tmp_path: Path) -> None:
    reading = opened(ESCI, judged_sets.esci(tmp_path), "small-test", "us")
    assert list(reading.queries()) == [EvalQuery("10", "revent 80 cfm", ("other",))]
    assert [each.grade for each in reading.judgements()] == [3, 1, 0, 0]
    (tmp_path / "shopping_queries_dataset_sources.csv").unlink()
    reading = opened(ESCI, tmp_path, "small-test", "us")
    assert reading.query_columns == ()
    assert list(reading.queries()) == [EvalQuery("10", "revent 80 cfm")]


def test_esci_errors(tmp_path: Path) -> None:
    path = judged_sets.esci(tmp_path) / EXAMPLES
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4a73\nsize 51286808\n")
    reading = opened(ESCI, tmp_path, "small-test", "us")
    assert "pointer that git-lfs left" in refusal(lambda: list(reading.queries()), path)
    path.write_bytes(b"PAR1 and nothing else PAR1")
    assert "is no readable Parquet file" in refusal(lambda: list(reading.queries()), path)
    pq.write_table(pa.table({"query": ["a"]}), path)
    assert "has no column 'query_id'; it has: query" in refusal(lambda: list(reading.queries()), path)
    table = pq.read_table(judged_sets.esci(tmp_path) / EXAMPLES)
    labels = pa.array(["E", "E", "X", "E", "E", "E", "E", "E"])
    pq.write_table(table.set_column(table.schema.get_field_index("esci_label"), "esci_label", labels), path)
    assert refusal(lambda: list(reading.judgements()), path).startswith("FILE, line 3: label 'X' is none of: E, S")
    assert reading.files[1].name == PRODUCTS


# --- Home Depot ------------------------------------------------------------------------------------------------------


def test_homedepot_is_read_with_its_encoding_and_inches(tmp_path: Path) -> None:
    reading = opened(HOMEDEPOT, judged_sets.homedepot(tmp_path))
    assert list(reading.queries()) == [
        EvalQuery("hd-2", "angle bracket"),
        EvalQuery("hd-3", "l bracket"),
        EvalQuery("hd-9", 'door 36"'),
    ]
    assert list(reading.judgements()) == [
        Judgement("hd-2", "100001", 2),
        Judgement("hd-3", "100001", 1.5),
        Judgement("hd-9", "100002", 1.33),
        Judgement("hd-2", "100005", 0),
    ]
    products = rows(reading)
    assert products["100001"] == {
        "id": "100001",
        "title": "Simple Angle",
        "description": "Not only do angles make joints stronger, they also\nprovide 90° corners\nVersatile connector",
        "brand": "Simple",
        "attributes": {"Product Width (in.)": "3"},
    }
    assert products["100002"]["title"] == 'Door 36 in. x 80 in. "Ready", Café colour'
    assert products["100005"]["attributes"] == {"Color": "Chrome"}
    assert products["100007"]["title"] == 'Drill, 3/8"'
    assert "100006" not in products  # no title


def test_homedepot_needs_neither_attributes_nor_the_test_file(tmp_path: Path) -> None:
    folder = judged_sets.homedepot(tmp_path)
    (folder / "test.csv").unlink()
    (folder / "attributes.csv").unlink()
    products = rows(opened(HOMEDEPOT, folder))
    assert set(products) == {"100001", "100002", "100005"}
    assert products["100001"]["attributes"] == {}


def test_homedepot_in_utf8_is_read_too(tmp_path: Path) -> None:
    folder = judged_sets.homedepot(tmp_path)
    (folder / "train.csv").write_text(judged_sets.HOMEDEPOT_TRAIN, encoding="utf-8")
    assert "Café" in rows(opened(HOMEDEPOT, folder))["100002"]["title"]


def test_homedepot_relevance_outside_its_scale_is_refused(tmp_path: Path) -> None:
    path = judged_sets.homedepot(tmp_path) / "train.csv"
    path.write_text(judged_sets.HOMEDEPOT_TRAIN.replace(",2.33", ",0.33"), encoding="latin-1")
    reading = opened(HOMEDEPOT, tmp_path)
    assert refusal(lambda: list(reading.judgements()), path) == "FILE, line 4: relevance 0.33 is not between 1 and 3"


# --- BEIR ------------------------------------------------------------------------------------------------------------


def test_beir(tmp_path: Path) -> None:
    reading = opened(BEIR, judged_sets.beir(tmp_path))
    assert [(query.id, query.text) for query in reading.queries()] == [
        ("q1", "zero waste"),
        ("q2", "packaging and glass"),
        ("q3", "only in training"),
    ]
    assert list(reading.judgements()) == [
        Judgement("q1", "d1", 2),
        Judgement("q1", "d2", 1),
        Judgement("q2", "3", 0),
        Judgement("q2", "d1", 1),
    ]
    assert rows(reading)["d1"] == {"id": "d1", "title": "Zero waste", "description": "How to shop without packages."}
    assert "3" in rows(reading)


def test_beir_without_a_header_loses_no_judgement(tmp_path: Path) -> None:
    assert list(opened(BEIR, judged_sets.beir(tmp_path), "train").judgements()) == [Judgement("q3", "d2", 1)]


def test_one_of_beirs_sets_lies_in_a_folder_of_its_name(tmp_path: Path) -> None:
    judged_sets.beir(tmp_path / "cqadupstack" / "android")
    assert len(rows(opened(beir("cqadupstack/android"), tmp_path))) == 4
    assert beir("cqadupstack/android").remotes[0].url.endswith("/cqadupstack.zip")


def test_beir_errors(tmp_path: Path) -> None:
    folder = judged_sets.beir(tmp_path)
    assert "Its splits: test, train; choose one by --split" in refusal(lambda: opened(BEIR, folder, "dev"), folder)
    path = folder / "qrels" / "test.tsv"
    for text, message in {
        "query-id\tcorpus-id\tscore\nq1 d1 1\n": "FILE, line 2: 1 columns, not the three of: query-id, corpus-id, "
        "score",
        "query-id\tcorpus-id\tscore\nq1\td1\tgood\n": "FILE, line 2: grade 'good' is not a number within ±1000",
    }.items():
        path.write_text(text)
        assert refusal(lambda: list(opened(BEIR, folder).judgements()), path) == message
    path = folder / "queries.jsonl"
    for text, message in {
        '{"_id": "q1", "text": "a"}\n{"_id": ': "FILE, line 2: this is no JSON",
        "[]\n": "FILE, line 1: expected a JSON object",
        '{"text": "a"}\n': "FILE, line 1: there is no _id",
        '{"_id": "q1"}\n': "FILE, line 1: there is no text of the query",
        '{"_id": "a\\tb", "text": "a"}\n': "FILE, line 1: the _id 'a\\tb' has a tab or a line break in it",
    }.items():
        path.write_text(text)
        assert refusal(lambda: list(opened(BEIR, folder).queries()), path).startswith(message)


# --- TREC ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["2023", "2024"])
def test_trec_product_search(tmp_path: Path, split: str) -> None:
    reading = opened(TREC, judged_sets.trec(tmp_path), split)
    queries, judgements = list(reading.queries()), list(reading.judgements())
    if split == "2023":
        assert queries == [EvalQuery("1", "bath fan"), EvalQuery("2", "lamp")]
        assert judgements == [Judgement("1", "11", 3), Judgement("1", "12", 0), Judgement("2", "13", -1)]
    else:  # with a header, and tabs in the qrels
        assert queries == [EvalQuery("7", "ceiling fan")]
        assert judgements == [Judgement("7", "12", 2)]
    assert list(rows(reading).values()) == [
        {"id": "11", "title": "Bath fan", "description": "Quiet\tand small."},
        {"id": "12", "title": "Ceiling fan", "description": ""},
        {"id": "13", "title": "", "description": "A lamp without a name."},
    ]


def test_trec_documents_as_json_lines(tmp_path: Path) -> None:
    folder = judged_sets.trec(tmp_path)
    (folder / "collection.trec.gz").unlink()
    (folder / "corpus-simple.jsonl").write_text(
        '{"docid": 11, "title": "Fan", "text": "Quiet"}\n{"id": "12", "contents": "x"}\n'
    )
    assert list(rows(opened(TREC, folder, "2023")).values()) == [
        {"id": "11", "title": "Fan", "description": "Quiet"},
        {"id": "12", "title": "", "description": "x"},
    ]


def test_trec_topics_in_sgml(tmp_path: Path) -> None:
    path = tmp_path / "topics.txt"
    path.write_text(judged_sets.TREC_SGML)
    assert list(read_topics(path)) == [
        EvalQuery("301", "quiet bath fan"),
        EvalQuery("051", "Airbus Subsidies"),
        EvalQuery("MB1", "cuts & taxes"),
    ]


def test_trec_topics_with_closed_tags_inside_a_document(tmp_path: Path) -> None:
    path = tmp_path / "topics.txt"
    path.write_text(
        "<topics>\n<top lang='en'>\n<num>176</num>\n<title>a lamp</title><desc>b</desc>\n</top>\n</topics>\n"
    )
    assert list(read_topics(path)) == [EvalQuery("176", "a lamp")]


def test_trec_topics_between_colons(tmp_path: Path) -> None:
    path = tmp_path / "topics.txt"
    path.write_text("1:delta: air lines\n20001:3:kids 5:1 ratio\n")
    assert list(read_topics(path)) == [EvalQuery("1", "delta: air lines"), EvalQuery("20001", "kids 5:1 ratio")]


def test_trec_topics_in_xml(tmp_path: Path) -> None:
    path = tmp_path / "topics.xml"
    path.write_text(judged_sets.TREC_XML)
    assert list(read_topics(path)) == [
        EvalQuery("1", "lamp & shade"),
        EvalQuery("2", "desk"),
        EvalQuery("3", "a chair for two"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE holds no topics."),
        ("1 lamp\n", "FILE, line 1: expected query_id, a tab and the text of the query"),
        (
            "<top>\n<num> 1\n<title> a\n<top>\n",
            "FILE, line 4: a topic begins before the one of line 1 has ended by </top>",
        ),
        ("<top>\n<num> 1\n<title> a\n", "FILE, line 1: this topic never ends by </top>; is the file cut off?"),
        ("<top>\n<title> a\n</top>\n", "FILE, line 1: there is no id of the topic"),
        ("<top>\n<num> 1\n<desc> a\n</top>\n", "FILE, line 1: there is no text of the query"),
        ("<topics><topic number='1'>", "FILE, line 1: this is no XML"),
        ("<topics></topics>", "FILE holds no <topic>."),
        ("<topics><topic number='1'><desc>a</desc></topic></topics>", "FILE, topic 1: expected a number and a query"),
        ("<!DOCTYPE t [<!ENTITY a 'b'>]><topics/>", "FILE declares entities, which are not read"),
    ],
)
def test_topics_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "topics"
    path.write_text(text)
    assert refusal(lambda: list(read_topics(path)), path).startswith(message)


def test_trec_files_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    folder = judged_sets.trec(tmp_path)
    assert "2 files that look like topics (2023_test_queries.tsv.gz, 2024-test-queries.tsv)" in refusal(
        lambda: opened(TREC, folder), folder
    )
    assert "no file that looks like topics with '2025' in its name" in refusal(
        lambda: opened(TREC, folder, "2025"), folder
    )
    path = folder / "2024-qrels.txt"
    path.write_text("7 12 2\n")
    assert refusal(lambda: list(opened(TREC, folder, "2024").judgements()), path).startswith("FILE, line 1: 3 columns")


def test_trec_grades_of_a_model_stay_a_models(tmp_path: Path) -> None:
    folder = judged_sets.trec(tmp_path)
    (folder / "2024-qrels.txt").write_text("7\tllm\t12\t2\n7 0 11 1\n7 llm 13 0\n")
    for left_by_the_model in ("2024-qrels.txt.json", "2024-qrels.txt.answers.jsonl"):
        (folder / left_by_the_model).write_text("{}")
    reading = opened(TREC, folder, "2024")
    assert [(each.product, each.machine) for each in reading.judgements()] == [
        ("12", True),
        ("11", False),
        ("13", True),
    ]
    assert reading.judge == folder / "2024-qrels.txt.json"
    assert opened(TREC, folder, "2023").judge is None


# --- our own ---------------------------------------------------------------------------------------------------------


def test_our_own_files_keep_columns_marks_and_rows(tmp_path: Path) -> None:
    reading = opened(OWN, judged_sets.own(tmp_path), "dev")
    assert list(reading.queries()) == [EvalQuery("q1", "red dress", ("shopper-7",)), EvalQuery("q2", "lamp")]
    assert Judgement("q1", "a2", 0, machine=True) in list(reading.judgements())
    assert list(reading.products())[-1] == {"sku": 77, "name": "Lamp"}
    assert (reading.verbatim, reading.id_columns) == (True, ("code", "sku"))


def test_our_own_files_that_lack_something(tmp_path: Path) -> None:
    folder = judged_sets.own(tmp_path)
    assert refusal(lambda: opened(OWN, folder), folder) == (
        "FILE lacks queries.tsv. There is queries for: dev; choose by --split."
    )
    (folder / "mapping.toml").write_text("[fields]\ntitle = 'name'\n")
    assert "does not say which column the id is in" in refusal(lambda: opened(OWN, folder, "dev"), folder)
    for file in (folder / "catalogue").iterdir():
        file.unlink()
    assert "lacks catalogue.jsonl" in refusal(lambda: opened(OWN, folder, "dev"), folder)


# --- what there is ---------------------------------------------------------------------------------------------------


def test_sets_are_found_by_name() -> None:
    assert [find_dataset(each.name) for each in DATASETS] == list(DATASETS)
    assert find_dataset("beir/scifact").remotes[0].unpack == "scifact"
    for name, message in {
        "wnads": "There is no reader for 'wnads'. Did you mean wands?",
        "zzz": "There are: wands, esci, homedepot, beir, trec, own.",
        "beir/scifcat": "BEIR has no public set 'scifcat'. Did you mean scifact?",
        "beir/scifact/../x": "is no name of a set",
    }.items():
        with pytest.raises(DatasetError, match=message.replace("?", r"\?")):
            find_dataset(name)


def test_every_set_says_where_it_comes_from_and_on_what_terms() -> None:
    for each in DATASETS:
        assert all((each.about, each.holds, each.home, each.terms, each.files))
        assert bool(each.labels) != (each.grading != "as judged") or each.name in ("beir", "trec", "own")
        for remote in each.remotes:
            assert remote.url.startswith("https://")
            assert remote.digest
    assert replace(WANDS, cache="elsewhere").folder == "elsewhere"
