"""A walk through a running shop: the official Meilisearch client for what it knows, plain HTTP for what is ours.

    make demo                               # in one terminal
    .venv/bin/python examples/client.py     # in another; of another shop: examples/client.py URL [SEARCH_KEY [INDEX]]

Cells begin with `# %%`: editors and Jupyter (jupytext) run them one by one. Needs `pip install meilisearch httpx`.
"""

# %% Where the shop is
from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import httpx
import meilisearch
from meilisearch.errors import MeilisearchApiError

given = [word for word in sys.argv[1:] if not word.startswith("-")] if "ipykernel" not in sys.modules else []
URL = given[0] if given else "http://127.0.0.1:8000"
KEY = given[1] if len(given) > 1 else None
INDEX = given[2] if len(given) > 2 else "products"

client = meilisearch.Client(URL, KEY)
index = client.index(INDEX)
http = httpx.Client(base_url=URL, headers={"Authorization": f"Bearer {KEY}"} if KEY else {}, timeout=30)


def post(path: str, body: Any) -> Any:
    answer = http.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def heading(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}")


def show(hits: list[dict[str, Any]]) -> None:
    for place, hit in enumerate(hits, start=1):
        price = f"{hit['price']:>8.2f} {hit.get('currency', '')}" if "price" in hit else " " * 12
        print(f"{place:>3}  {price}  {hit['title'][:76]}")


print(f"{index.get_stats().number_of_documents:,} products at {URL}") if client.is_healthy() and KEY is None else None

# %% Search, as with any Meilisearch
heading("Search: a kettle for pour-over coffee")
words = "kettle for pour-over coffee"
options = {"limit": 3, "filter": "price < 100", "facets": ["brand"], "attributesToHighlight": ["title"]}
found = index.search(words, {**options, "showRankingScore": True})
for hit in found["hits"]:
    print(f"  {hit['_rankingScore']:.2f}  {hit['_formatted']['title']}")
print(f"  about {found['estimatedTotalHits']} in all, {found['processingTimeMs']} ms")
brands = list(found["facetDistribution"]["brand"].items())
print("  brands:", ", ".join(f"{name} {count}" for name, count in brands[:5]))

# %% Filtered, sorted, by pages
heading("Kettles alone, cheapest first, page 2 of three to a page")
page = index.search("kettle", {"filter": "category = Kettles", "sort": ["price:asc"], "page": 2, "hitsPerPage": 3})
show(page["hits"])
print(f"  page {page['page']} of {page['totalPages']}")

# %% Values of a facet, while their name is typed
heading("Brands that begin with «ha»")
values = index.facet_search("brand", "ha")["facetHits"]
print("  " + ", ".join(f"{value['value']} {value['count']}" for value in values[:6]))

# %% What is wrong comes as the client's own error
heading("A filter with a mistake in it")
try:
    index.search("kettle", {"filter": "price <"})
except MeilisearchApiError as error:
    print(f"  {error.code}: {error.message}")

# %% Ours: conditions in plain words
heading("Conditions in plain words: «kettle under $70 not black»")
wish = "kettle under $70 not black"
answer = index.search(wish, {"limit": 3})
for number, one in enumerate(answer["understood"]["constraints"]):
    print(f"  {number}: {one['field']} {one['op']} {one['value']}  («{one['text']}», {one['strength']})")
show(answer["hits"])
off = index.search(wish, {"limit": 3, "ignore": ["not black"]})
print("  and with «not black» switched off:")
show(off["hits"])

# %% Ours: the evidence for it, and one or two sentences made of the evidence alone
heading("Why is it here?")
answer = index.search(wish, {"limit": 2, "explain": {"language": "en"}})
for hit in answer["hits"]:
    print(f"  {hit['title'][:76]}")
    for proof in hit["_evidence"]:
        print(f"    condition {proof['constraint']}: {proof['verdict']} ({proof.get('field')} is {proof.get('value')})")
    print(f"    {hit['_explanation']}")

# %% The same in Chinese: the language of the words decides, or yours
heading("手冲咖啡壶，不超过400元")
answer = index.search("手冲咖啡壶 不超过400元", {"limit": 2, "explain": True})
for hit in answer["hits"]:
    print(f"  {hit['title']}\n    {hit['_explanation']}")

# %% Completions while typing
heading("What begins with «ket»")
for suggestion in post(f"/indexes/{INDEX}/suggest", {"q": "ket", "limit": 4})["suggestions"]:
    print(f"  {suggestion['text']}  ({suggestion['kind']}, {suggestion['count']})")

# %% Events: what a shopper does. Somebody new, who looks at coffee and buys it
heading("A new shopper looks around")
shopper = f"example-{uuid.uuid4().hex[:12]}"
before = index.search("tea", {"limit": 5, "user": shopper})
show(before["hits"])
looked = index.search("whole bean coffee", {"limit": 3, "user": shopper})
told = [
    {"type": "click", "user": shopper, "product": looked["hits"][0]["id"], "queryID": looked["queryID"], "position": 1},
    *({"type": "view", "user": shopper, "product": hit["id"], "queryID": looked["queryID"]} for hit in looked["hits"]),
    {"type": "purchase", "user": shopper, "product": looked["hits"][0]["id"], "queryID": looked["queryID"],
     "value": looked["hits"][0]["price"]},
]  # fmt: skip
print(f"  {post('/events', told)['accepted']} events accepted; the next request counts with them")

# %% Personal search, with a receipt for every move
heading("The same words again, for the same shopper")
after = index.search("tea", {"limit": 5, "user": shopper})
for hit in after["hits"]:
    receipt = hit["_personalization"]
    moved = receipt["baseRank"] - receipt["rank"]
    arrow = f"▲{moved}" if moved > 0 else f"▼{-moved}" if moved < 0 else "="
    reasons = ", ".join(f"{one['part']} {one['effect']:+.2f}" for one in receipt["because"][:3])
    print(f"  {receipt['rank']:>2} {arrow:>4}  {hit['title'][:60]}  ({reasons or 'nothing personal'})")

# %% Recommendations: no words at all
heading("Recommended to them")
wanted = post(f"/indexes/{INDEX}/recommendations", {"user": shopper, "limit": 4})
for hit in wanted["hits"]:
    reasons = ", ".join(one["part"] for one in hit["_recommendation"]["because"][:3])
    print(f"  {hit['title'][:70]}  ({reasons})")
heading("And what goes with what they bought")
show(post(f"/indexes/{INDEX}/goes-with", {"id": looked["hits"][0]["id"], "limit": 3})["hits"])

# %% Explain: of some hits, and what sets them apart; by a language model where the server has one
heading("Which of the first three?")
ids = [hit["id"] for hit in found["hits"]]
asked = {"q": words, "ids": ids, "compare": True, "explain": {"language": "en"}}
told = post(f"/indexes/{INDEX}/explain", asked)
print(f"  {told['comparison']['text']}\n  (source: {told['comparison']['source']})")

# %% The same as a stream: the evidence at once, a model's sentences as they come
heading("As server-sent events")
with http.stream("POST", f"/indexes/{INDEX}/explain", json=asked, headers={"Accept": "text/event-stream"}) as stream:
    stream.raise_for_status()
    kind = ""
    for line in stream.iter_lines():
        if line.startswith("event:"):
            kind = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data = json.loads(line.removeprefix("data:"))
            print(f"  {kind:<12}{str(data.get('text', data.get('degraded')))[:100]}")

# %% And everything about the shopper is forgotten again (for the admin key, where keys are set)
heading("Forgotten")
gone = http.delete(f"/users/{shopper}")
print(f"  {gone.json()['erased']} records erased" if gone.is_success else f"  {gone.json()['message']}")
