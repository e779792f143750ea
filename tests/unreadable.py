"""Models of our own whose attention cannot be read, each for one reason.

Families of transformers that are refused today may be read by the next release; these stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import transformers as tf
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput

REASONS = {
    "": None,  # nothing is wrong
    "knows no keyword": r"\(unreadable\) does not dispatch its attention",
    "attends by itself": r"\(unreadable\) does not dispatch its attention",
    "has a temperature": "UnreadableModel asks the attention function for temperature, which",
    "attends in one layer": r"\(unreadable\) computes attention 1 times for 2 layers",
    "attends twice a layer": r"\(unreadable\) computes attention 4 times for 2 layers",
    "has two stacks": r"\(unreadable\) has two stacks",
}
FAULTS = [fault for fault in REASONS if fault]


class UnreadableConfig(tf.PretrainedConfig):
    model_type = "unreadable"

    def __init__(self, fault: str = "", **options: Any) -> None:
        super().__init__(**options | {"is_encoder_decoder": fault == "has two stacks"})
        self.fault = fault
        self.vocab_size = 100
        self.hidden_size = 8
        self.num_hidden_layers = self.num_attention_heads = 2


class UnreadableModel(tf.PreTrainedModel):
    config_class = UnreadableConfig
    base_model_prefix = "model"

    def __init__(self, config: UnreadableConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.embedding

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, **options: Any
    ) -> BaseModelOutput:
        fault = self.config.fault
        if fault == "knows no keyword" and "tap" in options:
            raise TypeError("forward() got an unexpected keyword argument")
        states = self.embedding(input_ids)  # [B, T, D]
        heads = states.unflatten(-1, (2, -1)).transpose(1, 2)  # [B, H, T, D/H]
        asked = {"temperature": 2.0} if fault == "has a temperature" else {}
        times = {"attends by itself": 0, "attends in one layer": 1, "attends twice a layer": 4}
        attend: Callable[..., Any] = tf.AttentionInterface()[self.config._attn_implementation]
        for _ in range(times.get(fault, 2)):
            attend(self, heads, heads, heads, None, **asked, **options)
        return BaseModelOutput(last_hidden_state=states, hidden_states=(states,) * 3)


tf.AutoConfig.register("unreadable", UnreadableConfig)
tf.AutoModel.register(UnreadableConfig, UnreadableModel)
