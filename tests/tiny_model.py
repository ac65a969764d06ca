"""A real sentence-transformers model folder, built on the spot: two layers, 32 dimensions, random but fixed weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = "red blue green shoe shoes lamp desk tea kettle phone 红 蓝 鞋 茶 灯 a the for with and small large".split()  # noqa: SIM905


def pieces() -> list[str]:
    """The vocabulary: special tokens, WORDS, and letters and digits for every other word."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + [str(digit) for digit in range(10)]
    whole = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys([*WORDS, *letters])]
    return [*whole, *(f"##{letter}" for letter in letters)]


def build(
    folder: Path,
    seed: int = 7,
    prompts: dict[str, str] | None = None,
    max_tokens: int = 32,
    pooling: str = "mean",
    projected: int | None = None,
    lower: bool = False,
    causal: bool = False,
) -> Path:
    """Save the model into `folder` and return it. Another seed gives other weights, and so another vector space.

    `projected`: end with a dense layer of that many dimensions, and no normalisation. `lower`: the tokenizer minds case
    and sentence-transformers lowers it. `causal`: a decoder, padded on the left.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules as models
    from transformers import BertConfig, BertModel, BertTokenizerFast, PreTrainedModel, Qwen3Config, Qwen3Model

    backbone = folder / "backbone"
    backbone.mkdir(parents=True)
    vocabulary = pieces()
    (backbone / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    side = "left" if causal else "right"
    BertTokenizerFast(str(backbone / "vocab.txt"), do_lower_case=not lower, padding_side=side).save_pretrained(backbone)
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    backend: PreTrainedModel
    if causal:
        backend = Qwen3Model(Qwen3Config(**sizes, num_key_value_heads=1, head_dim=16))
    else:
        backend = BertModel(BertConfig(**sizes))
    backend.save_pretrained(backbone, safe_serialization=True)
    transformer = models.Transformer(str(backbone), max_seq_length=max_tokens, do_lower_case=lower)
    pool = models.Pooling(transformer.get_embedding_dimension(), pooling_mode=pooling)
    last = models.Normalize() if projected is None else models.Dense(32, projected)
    model = SentenceTransformer(modules=[transformer, pool, last], prompts=prompts, device="cpu")
    model.save_pretrained(str(folder / "model"), safe_serialization=True)
    return folder / "model"


def export(model: Path, data_dir: Path) -> None:
    """Export it as commands do for their data folder, yet in this process: one of its own takes longer than most tests.

    Does nothing where commands would take torch."""
    from search.encoding.export import export
    from search.encoding.load import choose
    from search.encoding.sources import locate

    folder = locate(str(model), None)
    kind = choose(folder, "auto", "auto")
    if kind != "torch":
        export(folder, data_dir / "encoders" / folder.files, kind)
