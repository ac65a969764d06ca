"""Which sentences of a product's text speak to a model instead of of the product.

A description may say «Ignore the weather» or «Please don't take it to an open-plan office»: that speaks to a shopper.
What is looked for speaks of instructions, prompts, roles and answers, or dictates what is to be said of the product. In
the tables of `words/orders_*.txt` a line is one regular expression over the skeleton of a sentence (folded, look-alikes
made Latin, s p a c e d and, at a second look, l33t words closed up); blanks in it stand for any white space.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from functools import cache
from importlib.resources import files

from search.grounding.cleaning import skeleton, unleeted, unmasked

_BLOB = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{24,}={0,2}(?![A-Za-z0-9+/=])")
_ESCAPED = re.compile(r"(?:(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{2,6};|%[0-9a-fA-F]{2})\s?){6,}")
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{2}[\s:]?){20,}(?![0-9a-zA-Z])")
_BITS = re.compile(r"(?:[01]{7,8}\s){5,}")
_LETTER = re.compile(r"[a-z]")
_LEET = re.compile(r"[a-z][013457@$!][a-z0-9@$!]|[013457@$!][a-z]{2}")
_ROT13 = re.compile(r"vafgehpgvba|cebzcg|vtaber|erpbzzraq")
_BACKWARDS = re.compile(r"noitcurtsni|tpmorp|erongi|dnemmocer|令指|略忽")


def speaks_to_a_model(text: str) -> bool:
    """Whether a sentence (or a few) gives orders to a model, plays a role of a conversation, or hides something."""
    if _hides(text):
        return True
    bare = skeleton(text)
    if _matches(bare):
        return True
    if not bare.isascii() and _LETTER.search(bare) and (seen := unmasked(bare)) != bare:
        if _matches(seen):
            return True
        bare = seen
    if _LEET.search(bare) and _matches(unleeted(bare)):
        return True
    if _ROT13.search(bare) and _matches(codecs.encode(bare, "rot13")):
        return True
    return bool(_BACKWARDS.search(bare)) and _matches(bare[::-1])


_TRIGGER = re.compile(
    r"instruct|prompt|directiv|guid|guardrail|ignor|disregard|forget|overrid|bypass|system|assist|"
    r"\b(?:ai|dan|god|tip|real|only)\b|a\.i\.|llm|gpt|model|bot\b|\bsa(?:y|id)|writ|tell|mention|"
    r"stat(?:e|ing)|announc|declar|echo|claim|append|assert|proclaim|recommend|rank|answer|repl[yi]|"
    r"respon|output|\bprint|repeat|summar|descri|translat|\bnote|shopper|customer|\buser|buyer|grade|"
    r"score|\bgive|assign|award|reveal|\bshow|secret|password|token|\btool|function|\bapi|shell|curl|"
    r"import|eval|fetch|cookie|script|[<>{}\[\]\\`|]|->|\*/|==|--|#|example|(?:^|\W)[qa]\s?:|task|"
    r"\bjob\b|mode\b|pretend|imagine|role ?-?play|jailbreak|injection|warn|convinc|persuad|inform|"
    r"assur|praise|point(?:s|ed)? out|reviewer|editor|\bseo\b|legal|accessib|skip|aside|void|mistake|"
    r"developer|openai|anthropic|policy|supervisor|lose my|choking|you (?:no longer|need not|must|are|"
    r"should|have to)|from now|stop being|new |reset|clear|erase|poem|joke|story|write|daogou|environ|"
    r"drop table|union select|rm -rf|content-type|location\s*:|authorization|on(?:error|load|click|"
    r"mouseover|focus|toggle|begin)\s*=|put |place |list |choose|pick|prefer|promote|call |include|"
    r"insert|add |embed|begin|start|relevance|end of|whatever|"
    r"[\u0400-\u04ff\u0370-\u03ff\u3040-\u30ff\uac00-\ud7af\u0600-\u06ff\u0590-\u05ff\u0900-\u097f\u0e00-\u0e7f]|"
    r"instruc|istruz|instru|anweis|vorgab|regel|regl|regras|talimat|huong dan|lenh|instrukcj|perintah|"
    r"precedent|anterior|debes|empfehl|sagen|eres|du bist|指令|提示|忽略|無視|无视|忘|不要|不必|别管|"
    r"不用管|抛开|拋開|抛弃|跳过|覆盖|推翻|取代|绕过|系统|系統|你|您|ai|模型|助手|助理|任务|請|请|"
    r"必须|必須|务必|務必|一定|说|說|写|寫|推荐|推薦|回答|回复|输出|輸出|告诉|告訴|警告|提醒|声|聲|称|"
    r"宣|播报|把|将|將|排|评|分|打|对比|比较|介绍|解释|总结|描述|编辑|文案|读屏|法务|摘要|问|答|备注|"
    r"作废|误发|结束|来自|内容|资料|event|data|以|调用|执行|显示|透露|扮演|假|从现在|示例|小费|照做|"
    r"只有"
)
"""A sentence without any of these matches no pattern. It only saves time: nine in ten sentences have none."""


def _matches(bare: str) -> bool:
    return _TRIGGER.search(bare) is not None and _patterns().search(bare) is not None


@cache
def _patterns() -> re.Pattern[str]:
    folder = files("search.grounding").joinpath("words")
    lines = [
        line.strip()
        for table in ("orders_en.txt", "orders_zh.txt", "orders_other.txt")
        for line in folder.joinpath(table).read_text(encoding="utf-8").splitlines()
    ]
    return re.compile("|".join(f"(?:{spaced(line)})" for line in lines if line and not line.startswith("#")))


def spaced(pattern: str) -> str:
    return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")


def _hides(text: str) -> bool:
    """Whether it holds a long blob: base64, hexadecimal, escapes or bits. Nobody describes a product in those; a long
    part number or a link is none."""
    if _ESCAPED.search(text) or _HEX.search(text) or _BITS.search(text):
        return True
    return any(_is_blob(match.group()) for match in _BLOB.finditer(text))


def _is_blob(run: str) -> bool:
    if "/" in run and all(len(part) < 20 for part in run.split("/")) and not run.endswith("="):
        return False  # a path or alternatives: «black/white/silver»
    if not (re.search(r"[a-z]", run) and re.search(r"[A-Z]", run)):
        return False
    if len(run) >= 40 and re.search(r"\d", run) and "-" not in run:
        return True
    try:
        hidden = base64.b64decode(
            run.rstrip("=") + "=" * (-len(run.rstrip("=")) % 4), altchars=b"-_" if "-" in run else None
        )
        words = hidden.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    return (words.isprintable() and " " in words) or bool(re.search(r"[\u3400-\u9fff]{3}", words))


__all__ = ["spaced", "speaks_to_a_model"]
