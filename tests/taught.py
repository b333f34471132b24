"""A small random Llama that was taught answers in closed form: no training, yet it scores on real tasks.

Only the output layer is fitted: one pass over prompts with their answers gives hidden states, least squares the weights
that make each answer's next token the best one. Every third answer begins with two tokens that are equally good:
rounding decides between right and wrong there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

VOCABULARY = 512
_END = "</s>"


def taught_model(folder: Path, pairs: Sequence[tuple[str, str]]) -> Path:
    """Write a model to `folder` that continues each prompt with its answer, and return the folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    texts = [prompt + answer for prompt, answer in pairs]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[_END], initial_alphabet=alphabet
    )
    plain.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token=_END, pad_token=_END)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=512,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=16,
        num_key_value_heads=8,
        max_position_embeddings=2048,
        initializer_range=0.1,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config).to(torch.bfloat16).float().eval()
    states, following, starts = [], [], []
    with torch.inference_mode():
        for prompt, answer in pairs:
            ids = tokenizer.encode(prompt)
            right = [*tokenizer.encode(prompt + answer)[len(ids) :], 0]
            hidden = model.model(torch.tensor([[*ids, *right[:-1]]])).last_hidden_state[0]
            starts.append(len(following))
            states.append(hidden[-len(right) :].double())
            following += right
        x = torch.cat(states)
        wanted = torch.zeros(len(x), config.vocab_size, dtype=torch.double)
        wanted[torch.arange(len(x)), following] = 10.0
        wanted[starts[::3], following[1]] = 10.0
        gram = x @ x.T
        gram += 1e-4 * gram.diagonal().mean() * torch.eye(len(x), dtype=torch.double)
        model.lm_head.weight.copy_((x.T @ torch.linalg.solve(gram, wanted)).T)
    model.to(torch.bfloat16).save_pretrained(folder)
    return folder
