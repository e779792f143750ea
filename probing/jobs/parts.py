"""Model and data as options: what a run and a stored configuration are both built from."""

from __future__ import annotations

from typing import Any

import torch
import yaml
from jsonargparse import register_unresolvable_import_paths, set_dumper, set_parsing_settings

from probing.encoder import Encoder
from probing.jobs.known_options import arguments_of
from probing.jobs.parse_errors import Parser


class Quoting(yaml.SafeDumper):
    """Writes texts so that every YAML reads them back as texts.

    jsonargparse reads ``7e12345`` as a number and PyYAML does not, so that neither the one's
    writing nor what it hands from parser to parser would read back.
    """


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    is_like_a_number = text[:1].isdigit() or text[:1] in ("+", "-", ".")
    # In these quotes a character that is no letter, or half of one, has a name.
    style = '"' if not text.isprintable() else "'" if is_like_a_number else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _written(values: Any) -> str:
    written: str = yaml.dump(values, Dumper=Quoting, sort_keys=False, allow_unicode=True)
    return written


Quoting.add_representer(str, _text)
set_dumper("yaml", _written)
register_unresolvable_import_paths(torch)  # torch.relu and its like say of no module


def add_parts(parser: Parser, *, model: type, data: type) -> None:
    """Add the options of a model and its data, and hand the encoder's tokenizer to the data."""
    # An option that is an encoder lists its own; of nothing else it could be.
    set_parsing_settings(subclasses_disabled=[Encoder])
    parser.add_section(model, "model")
    parser.known.add("model.encoder", Encoder, is_named=False)
    parser.sections["model.encoder"] = [f"model.encoder.{name}" for name in arguments_of(Encoder)]
    parser.add_section(data, "data", is_named=True)
    parser.link_arguments(
        "model.encoder.tokenizer", "data.init_args.tokenizer", apply_on="instantiate"
    )
