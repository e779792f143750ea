"""The frozen model, read at the level of words. Only this package imports transformers."""

from probing.encoder.masked import MaskedModel
from probing.encoder.model import Encoder
from probing.encoder.plain import Frame, PlainTokenizer
from probing.encoder.tokenizer import WordpieceTokenizer
from probing.encoder.weights import PACKAGED

__all__ = [
    "PACKAGED",
    "Encoder",
    "Frame",
    "MaskedModel",
    "PlainTokenizer",
    "WordpieceTokenizer",
]
