"""A real causal language model folder with a chat template, built on the spot: two layers, 32 dimensions, a tokenizer
of bytes and common words, random but fixed weights. What it says makes no sense, and is the same each time."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def build(
    folder: Path,
    seed: int = 7,
    template: str | None = TEMPLATE,
    context: int = 512,
    stops: bool = False,
    hidden: int = 32,
    layers: int = 2,
    heads: int = 2,
    vocabulary: int | None = None,
) -> Path:
    """Save model and tokenizer into `folder` and return it.

    `context`: tokens that it can read and write. `stops`: it may end its answer by itself; else it always talks until
    it has no tokens left, which is what tests of time want. `vocabulary`: of the model, where it shall have more than
    the tokenizer, for the time that it takes; what has no token is never the likeliest.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the quiet keyboard is red and the lamp is blue 安静的键盘 红色的灯"] * 3, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=special[0], eos_token=special[1], model_max_length=context
    )
    if template is not None:
        fast.chat_template = template
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary or len(fast),
        hidden_size=hidden,
        intermediate_size=hidden * (2 if hidden < 100 else 5),
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads // 2,
        max_position_embeddings=context,
        pad_token_id=fast.pad_token_id,
        bos_token_id=None,
        eos_token_id=fast.eos_token_id,
        initializer_range=0.5,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config)
    if not stops:
        with torch.no_grad():  # logits of the special tokens are 0 for every state, and the greatest never is
            model.lm_head.weight[: len(special)] = 0.0
    with torch.no_grad():
        model.lm_head.weight[len(fast) :] = 0.0
    model.save_pretrained(folder, safe_serialization=True)
    return folder
