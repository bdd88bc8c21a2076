"""How tiny random models of every causal family that transformers knows are read: the table in TEACHERS.md.

    python tests/bench/bench_teachers.py [FAMILY ...] > tests/bench/TEACHERS.md

Each is opened as a user's own directory would be, and twelve texts are read in float32. "equal" is the
fastest way that reads it as the model's own forward pass does; "falls back" reads whole prompts; "refused" is
said in one sentence. A difference from transformers' own logits of more than 1e-3 is "WRONG", anything else
that stops it "TRACEBACK". Families of which no tiny model could be made are listed at the end.
"""

from __future__ import annotations

import inspect
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import tiny_teachers
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from dsltm.errors import DsltmError
from dsltm.teacher.files.load import load_teacher
from dsltm.teacher.quiet import quiet_transformers
from dsltm.teacher.reading.forward import Reader
from dsltm.teacher.reading.prompts import PAPER

LARGEST = 5_000_000  # parameters: a configuration that did not take the sizes is not run
TOKENS = list(range(5, 500, 9))
TEXTS = [text for _, text in tiny_teachers.sentences(10)] + ["", "the bank and the loan " * 12]
SIZE: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.3, "head_dim": 8,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    # names of some families
    "n_embd": 32, "n_head": 4, "n_layer": 3, "n_positions": 512, "n_ctx": 512, "n_inner": 64, "d_model": 32,
    "n_heads": 4, "n_layers": 3, "d_ff": 64, "ffn_dim": 64, "word_embed_proj_dim": 32, "max_seq_len": 512,
    "decoder_layers": 3, "decoder_attention_heads": 4, "decoder_ffn_dim": 64, "encoder_layers": 1,
    "attention_heads": 4, "num_layers": 3, "lru_width": 32, "embedding_size": 32, "rotary_dim": 8,
    "state_size": 8, "dt_rank": 4, "time_step_rank": 4, "expand": 2, "query_pre_attn_scalar": 8,
    "n_groups": 1, "num_heads": 4, "attention_hidden_size": 32, "ffn_hidden_size": 64,
    # experts and latent attention
    "num_local_experts": 4, "num_experts": 4, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1,
    "topk_group": 1, "moe_intermediate_size": 16, "first_k_dense_replace": 1, "kv_lora_rank": 8,
    "q_lora_rank": 16, "qk_nope_head_dim": 4, "qk_rope_head_dim": 4, "v_head_dim": 8,
    "shared_expert_intermediate_size": 16, "intermediate_size_mlp": 64, "moe_num_experts": 4, "moe_k": 2,
    # states
    "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_expand": 2, "mamba_n_groups": 1,
    "linear_key_head_dim": 8, "linear_value_head_dim": 8, "linear_num_key_heads": 2,
    "linear_num_value_heads": 4, "mamba_num_heads": 8, "mamba_head_dim": 8,
    "hidden_size_per_layer_input": 8, "sliding_window": 16,
    # towers for images and sounds, which a text never enters
    "image_size": 32, "patch_size": 16, "depth": 1, "out_hidden_size": 32, "projection_dim": 32,
    "vision_output_dim": 32, "projector_input_dim": 32, "projector_output_dim": 32,
}  # fmt: skip
LATENT: dict[str, Any] = {"head_dim": 4, "num_key_value_heads": 4}
HYBRID: dict[str, Any] = {"num_hidden_layers": 4}
OF_FAMILY: dict[str, dict[str, Any]] = {
    "axk1": LATENT, "axk2": LATENT, "deepseek_v3": LATENT, "deepseek_v32": LATENT, "longcat_flash": LATENT,
    "youtu": LATENT, "bailing_hybrid": HYBRID | LATENT, "qwen3_5_text": HYBRID, "qwen3_5_moe_text": HYBRID,
    "qwen3_next": HYBRID, "qwen4_exp_text": HYBRID, "kimi_linear": HYBRID | LATENT,
    "bamba": {"attn_layer_indices": [1]}, "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "dots1": {"n_shared_experts": 1}, "falcon_h1": {"mamba_d_ssm": 64}, "mamba2": {"head_dim": 16},
    "gemma3n_text": {"num_kv_shared_layers": 0, "layer_types": ["sliding_attention", "full_attention"] * 2,
                     "num_hidden_layers": 4, "activation_sparsity_pattern": [0.0] * 4},
    "gemma4_text": {"num_kv_shared_layers": 0, "layer_types": ["sliding_attention", "full_attention"] * 2,
                    "num_hidden_layers": 4, "global_head_dim": 8},
    "lfm2_moe": {"layer_types": ["conv", "full_attention", "conv"], "num_dense_layers": 1},
    "reformer": {"axial_pos_embds": False, "axial_pos_embds_dim": [16, 16], "axial_pos_shape": [16, 32]},
    "gpt_neo": {"num_layers": 2, "attention_types": [[["global", "local"], 1]]},
    "glm4_moe_lite": LATENT, "glm_moe_dsa": LATENT,
    "granitemoehybrid": {"layer_types": ["mamba", "attention", "mamba"]},
    "xmod": {"default_language": "en_XX"}, "zamba2": {"num_hidden_layers": 4},
    "roc_bert": {"enable_pronunciation": False, "enable_shape": False},
}  # fmt: skip
"""What a family wants otherwise: a head's width, a layer that attends among others, shared keys left out."""


def save(directory: Path, family: str) -> None:
    """A random model of the family with the tiny tokenizer.

    Raises:
        Exception: whatever the family raises on these sizes.
    """
    tokenizer = tiny_teachers.tiny_tokenizer(bos=True, chat=False)
    default = AutoConfig.for_model(family)
    vocabulary = len(tokenizer) + 5
    sizes = {**SIZE, "vocab_size": vocabulary, "vocab_size_per_layer_input": vocabulary, "is_decoder": True}
    settings = sized(default, sizes) | OF_FAMILY.get(family, {})
    config = AutoConfig.for_model(family, **settings)
    with torch.device("meta"):
        count = sum(tensor.numel() for tensor in AutoModelForCausalLM.from_config(config).parameters())
    if count > LARGEST:
        raise ValueError(f"{count:,} parameters with these sizes")
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(directory)
    tokenizer.save_pretrained(directory)


def sized(config: Any, sizes: dict[str, Any]) -> dict[str, Any]:
    """The sizes that a configuration knows, those of its parts included."""
    known = set(config.to_dict()) | set(config.attribute_map) | {"is_decoder", "vocab_size"}
    settings = {name: value for name, value in sizes.items() if name in known}
    for name in config.sub_configs:
        if (part := getattr(config, name, None)) is not None and not isinstance(part, dict):
            settings[name] = sized(part, sizes)
    return settings


def own(directory: Path) -> np.ndarray:
    """[n, V] logits of transformers alone."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    # Caches of hybrid models want a layer of each kind.
    uncached = {"use_cache": False} if "use_cache" in inspect.signature(model.forward).parameters else {}
    rows = []
    for text in TEXTS:
        ids = tokenizer(PAPER.template.replace("{document}", text.strip()), return_tensors="pt").input_ids
        with torch.inference_mode():
            rows.append(model(input_ids=ids, **uncached).logits[0, -1, TOKENS].float().numpy())
    return np.array(rows)


def row(family: str, directory: Path) -> tuple[str, str, str]:
    """What became of it, the largest difference of a logit, and more."""
    try:
        teacher = load_teacher(str(directory), dtype="float32", device="cpu")
        reader = Reader(teacher, [PAPER], TOKENS, max_tokens=400)
        logits = np.empty((len(TEXTS), len(TOKENS)))
        for rows, reading in reader.read(reader.encoder.encode(TEXTS)):
            logits[rows] = reading.logits
    except DsltmError as error:
        return "refused", "", str(error).replace(str(directory), family)
    except Exception as error:  # noqa: BLE001  # this is what the table is to show
        return "TRACEBACK", "", f"{type(error).__name__}: {error}"
    expected = own(directory)
    difference = float(np.abs(logits - expected).max())
    way = teacher.verdict.way
    told = "equal" if way in ("fast", "packed") else "falls back"
    if difference > 1e-3 * max(1.0, expected.std()):
        told = "WRONG"
    why = "; ".join(f"{name}: {text}" for name, text in teacher.verdict.refused.items())
    return told, f"{difference:.0e}", f"{way}{', ' + why if why else ''}"


def main() -> None:
    families = sys.argv[1:] or sorted(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    os.environ["DSLTM_CACHE"] = tempfile.mkdtemp()
    print("| family | read | largest difference | how |\n|---|---|---|---|")
    untried = {}
    for family in families:
        with tempfile.TemporaryDirectory() as folder, quiet_transformers():
            directory = Path(folder) / "model"
            try:
                save(directory, family)
                own(directory)
            except Exception as error:  # noqa: BLE001  # a family that wants other sizes
                untried[family] = (
                    f"{type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''}"
                )
                continue
            told, difference, how = row(family, directory)
        print(f"| {family} | {told} | {difference} | {how[:160].replace('|', '/')} |", flush=True)
    print(f"\nNot tried, for want of a tiny model ({len(untried)}): {', '.join(sorted(untried))}.")
    for family, reason in untried.items():
        print(f"{family}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
