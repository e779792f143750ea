"""Model and data as options: what a run and a stored configuration are both built from."""

from __future__ import annotations

import torch
from jsonargparse import register_unresolvable_import_paths, set_parsing_settings

from probing.encoder import Encoder
from probing.jobs.parse_errors import Parser

register_unresolvable_import_paths(torch)  # torch.relu and its like say of no module


def add_parts(parser: Parser, *, model: type, data: type) -> None:
    """Add the options of a model and its data, and hand the encoder's tokenizer to the data."""
    # An option that is an encoder lists its own; of nothing else it could be.
    set_parsing_settings(subclasses_disabled=[Encoder])
    parser.add_section(model, "model")
    parser.known.add("model.encoder", Encoder, is_named=False)
    parser.add_section(data, "data", is_named=True)
    parser.link_arguments(
        "model.encoder.tokenizer", "data.init_args.tokenizer", apply_on="instantiate"
    )
