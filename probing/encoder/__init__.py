"""The frozen model, read at the level of words. Only this package imports transformers."""

from .masked import MaskedModel
from .model import Encoder
from .plain import Frame, PlainTokenizer
from .tap import Tap, WordTap
from .tokenizer import WordpieceTokenizer
from .weights import PACKAGED

__all__ = [
    "PACKAGED",
    "Encoder",
    "Frame",
    "MaskedModel",
    "PlainTokenizer",
    "Tap",
    "WordTap",
    "WordpieceTokenizer",
]
