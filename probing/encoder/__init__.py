"""The frozen model, read at the level of words. Only this package imports transformers."""

from .model import Encoder
from .tap import Tap, WordTap
from .tokenizer import WordpieceTokenizer
from .weights import PACKAGED

__all__ = ["PACKAGED", "Encoder", "Tap", "WordTap", "WordpieceTokenizer"]
