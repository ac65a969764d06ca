"""A real cross-encoder folder, built on the spot: two layers, 32 dimensions, random but fixed weights."""

from __future__ import annotations

from pathlib import Path

import tiny_model


def build(folder: Path, seed: int = 7, labels: int = 1, max_tokens: int = 32) -> Path:
    """Save the model into `folder` and return it. `labels`: numbers that it gives for a pair."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    pieces = tiny_model.pieces()
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=max_tokens).save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=labels,
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    return folder
