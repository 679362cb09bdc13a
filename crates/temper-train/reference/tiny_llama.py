"""Writes the folder tiny beside it: a Llama of 28,000 weights in every form that is read, and what
transformers makes of it.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python tiny_llama.py

- f32, bf16, sharded: folders in Hugging Face's form; the shards are of f16.
- tiny.gguf: the same model, with the encodings of ENCODINGS in turn.
- expected.json: for each form, tokens, the logarithms of the probabilities of the next token after
  each prefix, in 32 bits, and the greedy continuation; and for each encoding random bytes of two
  blocks, and the numbers that the gguf package decodes.
"""

import json
import shutil
from pathlib import Path

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Kind
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

HERE = Path(__file__).parent / "tiny"
ENCODINGS = [Kind.Q8_0, Kind.Q4_0, Kind.Q4_1, Kind.Q5_0, Kind.Q5_1, Kind.F16, Kind.BF16]
ALL = ENCODINGS + [Kind.Q4_K, Kind.Q6_K]
TEXT = "the loss falls while the model learns its 12 words, and the words learn the model. "
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def tokenizer():
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=280,
        special_tokens=["<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([TEXT] * 3, trainer)
    return made


def model():
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=288,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 5000.0,
            "factor": 4.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        },
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=0,
        initializer_range=0.2,
    )
    made = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
    return made


def expected(model, tokens):
    with torch.no_grad():
        logs = torch.log_softmax(model(torch.tensor([tokens])).logits[0], -1)
        greedy = model.generate(
            torch.tensor([tokens]), max_new_tokens=16, do_sample=False, eos_token_id=None
        )
    last = logs[[0, len(tokens) - 1]]
    return {
        "log_probabilities": [[round(x, 6) for x in row] for row in last.tolist()],
        "greedy": greedy[0, len(tokens) :].tolist(),
    }


def interleave(weight, heads):
    """Hugging Face's halves to GGUF's pairs: `permute` of convert_hf_to_gguf.py."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_gguf(model, made, path):
    """Writes the file, and gives a model with the weights that are in it after decoding."""
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(5000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    vocabulary = sorted(made.get_vocab().items(), key=lambda item: item[1])
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([3] + [1] * (len(vocabulary) - 1))
    merges = json.loads(made.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_eos_token_id(0)
    writer.add_chat_template("{{ messages }}")

    state = {}
    turn = 0
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        array = weight.float().numpy().copy()
        renamed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}.get(name)
        heads = None
        if renamed is None:
            _, _, layer, rest = name.split(".", 3)
            part = rest.removesuffix(".weight")
            heads = {"self_attn.q_proj": 4, "self_attn.k_proj": 2}.get(part)
            renamed = f"blk.{layer}.{NAMES[part]}.weight"
        if heads:
            array = interleave(array, heads)
        kind = Kind.F32
        if array.ndim == 2:
            kind = ENCODINGS[turn % len(ENCODINGS)]
            turn += 1
        data = gguf.quants.quantize(array, kind)
        writer.add_tensor(renamed, data, raw_dtype=kind)
        decoded = gguf.quants.dequantize(data, kind).reshape(array.shape)
        if heads:
            rows, columns = decoded.shape
            decoded = decoded.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
        state[name] = torch.tensor(numpy.ascontiguousarray(decoded))
    # The scaling of rotary positions is a tensor here.
    frequencies = model.model.rotary_emb.inv_freq.numpy()
    plain = 5000.0 ** -(numpy.arange(0, 8, 2) / 8)
    factors = (plain / frequencies).astype(numpy.float32)
    writer.add_tensor("rope_freqs.weight", factors)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    decoded = LlamaForCausalLM(config).eval()
    decoded.load_state_dict(state)
    return decoded


def blocks():
    """Random blocks, with scales that are no infinities."""
    random = numpy.random.default_rng(1)
    shown = {}
    for kind in ALL:
        numbers, size = gguf.GGML_QUANT_SIZES[kind]
        block = random.integers(0, 256, (2 if numbers > 1 else 32, size), dtype=numpy.uint8)
        scales = {"Q4_K": [0, 2], "Q6_K": [208]}.get(kind.name, [0] + [2] * kind.name.endswith("_1"))
        for place in scales if numbers > 1 else [0]:
            block[:, place : place + 2] = numpy.array([[0.37], [-0.021]], numpy.float16).view(
                numpy.uint8
            ).repeat(len(block) // 2, 0)
        values = gguf.quants.dequantize(block.reshape(-1), kind)
        shown[kind.name] = {"bytes": block.reshape(-1).tolist(), "values": values.reshape(-1).tolist()}
    return shown


shutil.rmtree(HERE, ignore_errors=True)
made, original = tokenizer(), model()
tokens = made.encode(TEXT).ids[:24]
output = {"text": TEXT, "all_tokens": made.encode(TEXT).ids, "tokens": tokens, "forms": {}}
fast = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>")
fast.chat_template = "{{ messages }}"
for form, dtype, shard in [
    ("f32", torch.float32, "1GB"),
    ("bf16", torch.bfloat16, "1GB"),
    ("sharded", torch.float16, "30KB"),
]:
    kept = model().to(dtype)
    kept.save_pretrained(HERE / form, max_shard_size=shard)
    fast.save_pretrained(HERE / form)
    # Read again: conversion would have rounded the frequencies of rotary positions as well.
    kept = LlamaForCausalLM.from_pretrained(HERE / form, dtype=torch.float32).eval()
    output["forms"][form] = expected(kept, tokens)
output["forms"]["tiny.gguf"] = expected(write_gguf(original, made, HERE / "tiny.gguf"), tokens)
output["blocks"] = blocks()
(HERE / "expected.json").write_text(json.dumps(output) + "\n")
