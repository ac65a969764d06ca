"""A real sentence-transformers model folder, built on the spot: two layers, 32 dimensions, random but fixed weights."""

from __future__ import annotations

from pathlib import Path

WORDS = "red blue green shoe shoes lamp desk tea kettle phone 红 蓝 鞋 茶 灯 a the for with and small large".split()


def build(folder: Path, seed: int = 7, prompts: dict[str, str] | None = None, max_tokens: int = 32) -> Path:
    """Save the model into `folder` and return it. Another seed gives other weights, and so another vector space."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules as models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    backbone = folder / "backbone"
    backbone.mkdir(parents=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + [str(digit) for digit in range(10)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys([*WORDS, *letters])]
    pieces += [f"##{letter}" for letter in letters]
    (backbone / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    BertTokenizerFast(str(backbone / "vocab.txt")).save_pretrained(backbone)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(backbone, safe_serialization=True)
    transformer = models.Transformer(str(backbone), max_seq_length=max_tokens)
    pooling = models.Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    model = SentenceTransformer(modules=[transformer, pooling, models.Normalize()], prompts=prompts, device="cpu")
    model.save_pretrained(str(folder / "model"), safe_serialization=True)
    return folder / "model"
