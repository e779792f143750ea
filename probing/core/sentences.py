"""What a reader yields: sentences, and the mentions in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a sentence that refer to an entity.

    ``words`` are indices counted from zero, ascending and perhaps with gaps; ``head`` is the
    index of its head word, one of them. Mentions of a document with the same ``entity`` corefer.
    """

    words: Sequence[int]
    head: int
    entity: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a reader could not use of a sentence, though the sentence can be used.

    Sentences are counted by ``kind``; ``text`` is about this one and names file and line.
    """

    kind: str
    text: str


BROKEN = "mentions that could not be read"
"""The kind of complaint about the brackets or numbers of one mention."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One annotated sentence, as a reader yields it.

    ``heads[i]`` is the number of the head of word ``i``, counted from one; 0 is ROOT, -1 is a word
    whose head nobody annotated. Heads and relations are empty where the file has no dependency
    trees.
    ``tags`` are language-specific part-of-speech tags, ``"_"`` where the file has none;
    empty where no word has any.
    ``document`` is the name of the document, ``line`` the line where the sentence starts;
    sentences of one file with the same name are one document.
    ``mentions`` are those of entities, singletons included, and ``heads_by`` says how their
    head words were found.
    ``text`` is how the words were written, and ``spans`` where each of them stands in it, as in
    :class:`Text`; both are empty where the file does not say.
    ``oddities`` say what is wrong with the sentence that keeps nobody from using it;
    ``complaints`` do, too, naming the place.
    ``upos``, ``xpos`` and ``feats`` are the annotations that the file calls so (the columns of
    CoNLL-U), each as it stands there; see :func:`annotation` for words that have none.
    ``punctuation_by`` says what tells punctuation in its file: ``relation``, ``tag`` or
    ``nothing``. Readers need not say it, and it makes no other sentence.
    """

    words: Sequence[str]
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str]
    document: str
    line: int
    mentions: Sequence[Mention] = ()
    heads_by: str = ""
    text: str = ""
    spans: Sequence[tuple[int, int]] = ()
    oddities: Sequence[str] = ()
    upos: Sequence[str] = ()
    xpos: Sequence[str] = ()
    feats: Sequence[str] = ()
    complaints: Sequence[Complaint] = ()
    punctuation_by: str = field(default="relation", compare=False)

    @property
    def is_withheld(self) -> bool:
        """Whether its words are all ``_``, as where a text may not be given."""
        return set(self.words) == {"_"}

    def tag(self, word: int) -> str:
        """The tag of a word, counted from zero; ``"_"`` if it has none."""
        return self.tags[word] if self.tags else "_"


def annotation(values: Iterable[str | None]) -> list[str]:
    """An annotation of the words of a sentence: ``"_"`` where a word has none.

    Empty where no word has any.
    """
    found = [value or "_" for value in values]
    return found if any(value != "_" for value in found) else []


Reader = Callable[[str], Iterable[Sentence]]
"""One function from a path to sentences, lazily."""
