"""What no shopper is shown, whatever the product says: addresses, markup, orders, other scripts, disguises."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from search.domain import Language
from search.grounding.fault import Fault
from search.grounding.ground import Ground
from search.grounding.orders import speaks_to_a_model
from search.lexicon.folding import is_han

LONGEST = 400
"""Characters. Nobody reads longer sentences, and a model that writes one has lost its way."""

_TOPS = (
    "com|net|org|io|co|cn|shop|store|info|biz|xyz|top|site|online|app|dev|ru|de|uk|fr|jp|me|ly|gg|tv|link"
    "|click|page|ai|hk|tw|vip|cc"
)
_ADDRESS = re.compile(
    rf"\b(?:https?|ftp|file|data|javascript|mailto|tel)\s?:\S*|\bwww\s?\.|"
    rf"\b[\w-]+(?:\.[\w-]+)*\.(?:{_TOPS})\b(?:/\S*)?|[\w.+-]+\s?(?:@|\[at\]|\(at\))\s?[\w-]+\s?(?:\.|"
    rf"\[dot\]|\(dot\))\s?\w+"
    rf"|\b\w+\s(?:dot|\(dot\)|\[dot\])\s(?:{_TOPS})\b|(?<!\w)@\w{{2,}}|(?<![\w])#[^\W\d]\w+"
    r"|"
    r"(?<![\d.])(?:\+\d{1,3}[\s.-]?)?(?:\(\d{2,4}\)[\s.-]?)?\d{3,4}[\s.-]\d{3,4}(?:[\s.-]\d{2,4})?(?![\d%])(?!\s?(?:cm|mm|m|km|g|kg|ml|l|w|v|k|hz|mah|pa|dpi|lm|years?|pages?|pieces?)\b|\s?[公厘毫克升瓦元米岁页片])|"
    r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)400[-\s]?\d{3}[-\s]?\d{4}|\b\d{3}-\d{4}\b"
    r"|微信号?[:：]?\s?[a-z0-9_-]{5,}|(?:qq|vx|wx|v信|薇信|威信)[:：号]?\s?[a-z0-9_-]{5,}|[点\.]\s?(?:com|cn|net)\b",
    re.IGNORECASE,
)
_ANY_ADDRESS = re.compile(
    r"\b[\w-]{2,}\.(?=[a-z]{2,}\b)(?!js\b)[a-z]+\b"
    r"|\b(?!(?:polka|pin|micro|quantum|the|red|each|every|one|small|big|of)\b)[\w-]{2,}\s(?:dot|\(dot\)|\[dot\])\s(?!grid|matrix)\w+"
)
"""Whatever the end of it: a lower-case letter right behind a full stop begins no sentence."""
_MARKUP = re.compile(
    r"<[^>]{0,200}>|</?\w+|&(?:#\d+|#x[0-9a-f]+|\w{2,8});|\*\*|__|`|~~|\]\(|!\[|\[[^\]]*\]|\{|\}|\||"
    r"^\s*#{1,6}\s|^\s*>|\\[a-z(\[]|\$\$|=>|==|\w\(\)|//|^\s*[-*•]\s|^\s*\d+[.)]\s",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"(?:^|[;:.!—]\s*|\b(?:please|just|simply|now|and|then|must|should|today|so)\s+)(?:visit|call "
    r"(?:us|now|today|our|the|this|\d)|click|tap (?:here|the|on)|email|e-mail|text us|send (?:us|a|an|"
    r"your|money|this)|contact|download|subscribe|sign up|register|log ?in"
    r"|buy (?:it |this |one |yours )?(?:now|today|it|this|one|yours)|order (?:it |this |one |yours "
    r")?(?:now|today|yours|online)|grab (?:it|yours|one|this)|hurry|act (?:fast|now)|shop now|add "
    r"(?:it|this|one)? ?to (?:your )?(?:cart|basket|bag)|check out (?:our|the|this|now)|follow us|"
    r"scan the|share this|don't miss|do not miss|enter (?:code|your)|use (?:the )?code|whatsapp|dm us|"
    r"reply|forward|transfer|pay (?:now|via|by|with)|google|search for)\b"
    r"|点击|点此|扫码(?:加|关注|购买|下单|领)|加(?:我|我们|客服|店主|微信|群)|关注(?:我们|公众号|店铺)|拨打|致电|来电|联系(?:我们|客服|卖家|店家)|立即|"
    r"马上(?:购买|下单|入手|抢)|赶快|赶紧|抢购|速抢|下单|加入购物车|收藏店铺|转发|私信|访问|登录|注册|下载|汇款|转账|付款|验证码|快来|戳|详询|咨询|进店|领券|别错过|"
    r"不要错过|手慢无|欲购从速",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"\b(?:as an? (?:ai|assistant|language model)|i (?:am|'m) (?:an?|not able|unable|sorry|just)|i "
    r"(?:cannot|can't|can not|could not|would|will|was|have been|must)|i['’](?:d|ve|ll|m)\b|my "
    r"(?:instructions|prompt|training|knowledge)|(?:the|this|your|these) (?:prompt|instructions?|json|"
    r"context|query|input|data provided|user|assistant|model's|llm)\b|language model|chatgpt|openai|"
    r"here(?:'s| is| are) (?:the|an?|your|my) (?:\w+ ){0,2}(?:answers?|texts?|sentences?|lines?|"
    r"summar(?:y|ies)|descriptions?|explanations?|output|response|prompt|system|instructions?|"
    r"rewrit\w+|version|result|link|code)\b|\b(?:rules?|filters?|limits?) (?:are|is|were|was|"
    r"no longer|don't|do not) (?:gone|void|off|lifted|apply|broken|ignored)|(?:^|[,.;:!?—] ?)i [a-z]|"
    r"sure[,!]|certainly[,!]|of course[,!]|note:|json\b)"
    r"|作为(?:一个|一名)?(?:ai|人工智能|助手|语言模型|导购)|语言模型|人工智能助手|我(?:是|无法|不能|会|将|很抱歉|可以)|抱歉|^好的[，,!！]|^当然[，,!！]|"
    r"以下是|根据(?:您|你)?(?:提供|给出)的|指令|提示词|上下文|输出如下",
    re.IGNORECASE,
)
_ALLOWED = frozenset(" .,;:!?'\"()-–—…/%&+°‘’“”，。；：！？、（）《》「」『』·～~×$€£¥￥℃℉″′½¼¾²³µμΩ«»")
_SCRIPTS = re.compile(r"[a-zA-Z\u00c0-\u024f\u1e00-\u1eff\u3400-\u9fff\U00020000-\U0003ffff\uf900-\ufaffµμΩ]")


def never_shown(sentence: str, ground: Ground, language: Language | None) -> Iterator[Fault]:
    if len(sentence) > LONGEST:
        yield Fault("markup", sentence[:40] + "…")
        return
    for sign in sentence:
        if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") or sign in "\u2028\u2029\u3164\uffa0":
            yield Fault("markup", f"U+{ord(sign):04X}")
            return
    match = next((one for one in _ADDRESS.finditer(sentence) if not _is_range(one.group(), ground)), None)
    if match:
        yield Fault("address", match.group().strip())
    elif match := _ANY_ADDRESS.search(sentence):
        yield Fault("address", match.group())
    if match := _MARKUP.search(sentence):
        yield Fault("markup", match.group().strip())
    if match := _MODEL.search(sentence) or _COMMAND.search(sentence):
        yield Fault("command", match.group().strip())
    elif speaks_to_a_model(sentence):
        yield Fault("command", sentence)
    yield from _strangers(unicodedata.normalize("NFKC", sentence), ground, language)
    if re.search(
        r"([!?！？.,。，~])\1{3,}|[!！]{2,}|[,，;；:]\s*[.!?。！？]+$|(?<!\d)[,，;；:]\s*\d+[.!?。！？]+$|^[^\w$¥€£]*$|^[,，]",
        sentence,
    ):
        yield Fault("markup", sentence[-20:])


def _is_range(said: str, ground: Ground) -> bool:
    """2700-6500 is a telephone number only where it is not the product's."""
    return not re.search(r"[^\d\s-]", said) and said.strip() in ground.solid


def _strangers(sentence: str, ground: Ground, language: Language | None) -> Iterator[Fault]:
    for char in sentence:
        if char.isalpha() and not _SCRIPTS.match(char) and char not in ground.solid:
            yield Fault("foreign", char)
            return
        if not char.isalnum() and char not in _ALLOWED and char not in ground.signs:
            yield Fault("markup", char)
            return
    if re.search(r"(?<![^\W_])(?:[^\W\d_][\s._*-]){3,}[^\W\d_](?![^\W_])", sentence) and not is_han(sentence):
        yield Fault("foreign", "s p a c e d")
    if language == "zh" and not is_han(sentence):
        yield Fault("foreign", sentence[:40])
    if language == "en" and not re.search("[a-zA-Z]{2}", sentence):
        yield Fault("foreign", sentence[:40])


__all__ = ["LONGEST", "never_shown"]
