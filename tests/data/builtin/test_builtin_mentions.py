"""Mentions of the built-in corpus: what they span, and that the rule for pronouns holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import pytest

from probing.core.sentences import Mention, Sentence
from probing.data.builtin import generate, lexicon
from probing.data.builtin.entities import head_noun
from probing.data.builtin.grammar import plural_of

PRONOUNS = {
    **dict.fromkeys(["she", "her"], "she"),
    **dict.fromkeys(["he", "him", "his"], "he"),
    **dict.fromkeys(["it", "its"], "it"),
    **dict.fromkeys(["they", "them", "their"], "they"),
    **dict.fromkeys(["we", "us", "our"], "we"),
}
NOUNS = {"NN", "NNS", "NNP"}
SUBJECTS = {"nsubj", "nsubj:pass"}
Document = list[Sentence]


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    sentences = generate(documents=400, seed=1)
    return [list(group) for _, group in groupby(sentences, key=lambda s: s.document)]


def sentences_of(corpus: list[Document]) -> Iterator[Sentence]:
    for document in corpus:
        yield from document


def bracketed(s: Sentence) -> str:
    """The sentence with its mentions in brackets, to be read where a test fails."""
    words = list(s.words)
    for mention in s.mentions:
        words[mention.words[0]] = "[" + words[mention.words[0]]
        words[mention.words[-1]] += f"]{mention.entity}"
    return " ".join(words)


def head_word(s: Sentence, mention: Mention) -> str:
    return s.words[mention.head].lower()


def pronoun_of(s: Sentence, mention: Mention) -> str | None:
    """The nominative of a mention that is a pronoun."""
    is_pronoun = s.tags[mention.head] in {"PRP", "PRP$"}
    return PRONOUNS[head_word(s, mention)] if is_pronoun else None


def below(s: Sentence, i: int, relation: str = "") -> list[int]:
    """The dependents of word ``i``, all counted from zero."""
    return [
        j
        for j, head in enumerate(s.heads)
        if head == i + 1 and (not relation or s.relations[j] == relation)
    ]


def under(s: Sentence, i: int) -> set[int]:
    """Word ``i`` and all that hangs on it."""
    found = {i}
    for j in below(s, i):
        found |= under(s, j)
    return found


# What is a mention, and what it spans


def test_mentions_are_well_formed(corpus: list[Document]) -> None:
    for s in sentences_of(corpus):
        assert s.heads_by == "the dependency tree"
        for mention in s.mentions:
            words = list(mention.words)
            assert words == list(range(words[0], words[-1] + 1)), bracketed(s)
            assert set(words) <= set(range(len(s.words))), bracketed(s)
            outside = [i for i in words if s.heads[i] - 1 not in words]
            assert outside == [mention.head], bracketed(s)


def test_mentions_nest_or_are_disjoint(corpus: list[Document]) -> None:
    for s in sentences_of(corpus):
        spans = [frozenset(mention.words) for mention in s.mentions]
        assert len(set(spans)) == len(spans), bracketed(s)
        for a in spans:
            for b in spans:
                assert a <= b or b <= a or not a & b, bracketed(s)


def test_mentions_hold_all_of_their_phrase_and_no_more(corpus: list[Document]) -> None:
    checked: Counter[str] = Counter()
    for s in sentences_of(corpus):
        for mention in s.mentions:
            words = set(mention.words)
            edges = {s.tags[mention.words[0]], s.tags[mention.words[-1]]}
            assert not edges & {",", ".", "CC", "TO"}, bracketed(s)
            assert s.tags[mention.words[0]] != "IN", bracketed(s)
            for child in below(s, mention.head):
                relation, tag = s.relations[child], s.tags[child]
                outside = relation == "case" and tag == "IN"
                outside |= relation in {"cc", "conj", "punct", "cop", "aux", "mark", "advcl"}
                outside |= relation in {"advmod", *SUBJECTS, "obl", "expl"}
                part = under(s, child)
                commas = {i for i in part if s.words[i] == ","}
                assert not (outside and part & words), (child, bracketed(s))
                assert outside or part - commas <= words, (child, bracketed(s))
                checked["clitic" if tag == "POS" else relation] += 1
    wanted = "clitic appos acl acl:relcl flat nmod nmod:poss case conj cc nsubj cop".split()
    assert min(checked[relation] for relation in wanted) > 5, checked


def test_every_phrase_that_refers_is_one_mention(corpus: list[Document]) -> None:
    left_out: Counter[str] = Counter()
    for s in sentences_of(corpus):
        heads = Counter(mention.head for mention in s.mentions)
        for i, (tag, relation) in enumerate(zip(s.tags, s.relations, strict=True)):
            # What somebody is said to be does not refer, but a place where somebody is does.
            attribute = bool(below(s, i, "cop")) and not below(s, i, "case")
            part = relation in {"flat", "compound", "appos"}
            refers = tag in {*NOUNS, "PRP", "PRP$"} and not part and not attribute
            assert heads[i] == refers, (i, bracketed(s))
            if attribute and tag == "NN":
                left_out["attribute"] += 1
    assert left_out["attribute"] > 50


# Chains


def chains(document: Document) -> dict[str, list[tuple[Sentence, Mention]]]:
    found: dict[str, list[tuple[Sentence, Mention]]] = defaultdict(list)
    for s in document:
        for mention in sorted(s.mentions, key=lambda mention: mention.head):
            found[mention.entity].append((s, mention))
    return found


def test_documents_have_chains_and_singletons(corpus: list[Document]) -> None:
    sizes = [[len(chain) for chain in chains(document).values()] for document in corpus]
    assert all(max(counts) > 1 for counts in sizes)
    assert sum(min(counts) == 1 for counts in sizes) >= 0.98 * len(corpus)
    anaphors = sum(n - 1 for counts in sizes for n in counts)
    assert anaphors > 4 * len(corpus)
    assert sum(sum(n > 3 for n in counts) for counts in sizes) > 0.5 * len(corpus)


def test_chains_begin_with_a_name_a_noun_or_we(corpus: list[Document]) -> None:
    for document in corpus:
        for chain in chains(document).values():
            assert pronoun_of(*chain[0]) in {None, "we"}, bracketed(chain[0][0])


def test_chains_mix_names_nouns_and_pronouns(corpus: list[Document]) -> None:
    pairs: Counter[tuple[str, str]] = Counter()
    wider = kin = bare = 0
    for document in corpus:
        for chain in chains(document).values():
            tags = {s.tags[mention.head] for s, mention in chain}
            pairs.update((a, b) for a in tags for b in tags)
            words = {head_word(*mention) for mention in chain}
            wider += len(words & set(lexicon.HYPERNYMS.values()))
            kin += len(chain) > 1 and bool(words & {*lexicon.KIN["she"], *lexicon.KIN["he"]})
            bare += {True, False} == {
                bool(below(s, m.head, "compound")) for s, m in chain if s.tags[m.head] == "NN"
            }
    for pair in [("NNP", "NN"), ("NNP", "PRP"), ("NN", "PRP"), ("NNS", "PRP"), ("PRP", "PRP$")]:
        assert pairs[pair] > 20, pair
    assert min(wider, kin, bare) >= 5, (wider, kin, bare)


@pytest.mark.parametrize("by", ["full name", "first name", "surname"])
def test_people_are_named_in_three_ways(corpus: list[Document], by: str) -> None:
    first = {*lexicon.NAMES["she"], *lexicon.NAMES["he"]}
    found = 0
    for document in corpus:
        for chain in chains(document).values():
            for s, mention in chain[1:]:
                word, more = s.words[mention.head], below(s, mention.head, "flat")
                found += {
                    "full name": word in first and bool(more),
                    "first name": word in first and not more,
                    "surname": word in lexicon.SURNAMES,
                }[by]
    assert found > 20


def test_owners_are_mentions_within_what_they_own(corpus: list[Document]) -> None:
    kinds: Counter[str] = Counter()
    for s in sentences_of(corpus):
        by_head = {mention.head: mention for mention in s.mentions}
        for i, relation in enumerate(s.relations):
            if relation == "nmod:poss" and s.tags[i] != "WP$":
                owner, owned = by_head[i], by_head[s.heads[i] - 1]
                assert set(owner.words) < set(owned.words), bracketed(s)
                clitic = below(s, i, "case")
                assert (s.tags[i] in NOUNS) == bool(clitic), bracketed(s)
                assert set(clitic) <= set(owner.words), bracketed(s)
                kinds[s.tags[i]] += 1
    assert min(kinds[tag] for tag in ("NNP", "PRP$", "NN")) > 10


# Agreement and the rule


def singular_of(word: str) -> str:
    return SINGULARS.get(word, word)


SINGULARS = {
    plural_of(noun.split("_")[-1]): noun.split("_")[-1]
    for noun in [
        *(noun for nouns in lexicon.NOUNS.values() for noun in nouns),
        *(row[0] for rows in lexicon.RELATIONAL.values() for row in rows),
        *lexicon.CLOTHES,
        *lexicon.HYPERNYMS.values(),
    ]
}
PEOPLE = {
    *lexicon.NOUNS["person"],
    *(row[0] for row in lexicon.RELATIONAL["person"]),
    *("someone", "everyone"),
}


@dataclass
class Known:
    """What a reader can tell of each entity: by which pronouns it may be meant."""

    pronouns: dict[str, set[str]] = field(default_factory=dict)

    def read(self, s: Sentence, mention: Mention) -> None:
        pronoun = pronoun_of(s, mention)
        if pronoun:
            self.pronouns[mention.entity] = {pronoun}
        elif mention.entity not in self.pronouns:
            self.pronouns[mention.entity] = self.first(s, mention)

    @staticmethod
    def first(s: Sentence, mention: Mention) -> set[str]:
        word = s.words[mention.head] if s.tags[mention.head] == "NNP" else head_word(s, mention)
        for gender in ("she", "he"):
            if word in lexicon.NAMES[gender] or word in lexicon.KIN[gender]:  # type: ignore[index]
                return {gender}
        if s.tags[mention.head] == "NNS":
            return {"they"}
        every = {s.words[i].lower() for i in below(s, mention.head, "det")} & {"every"}
        compound = [s.words[i].lower() for i in below(s, mention.head, "compound")]
        found = {"she", "he"} if "_".join([*compound, word]) in PEOPLE else {"it"}
        return found | ({"they"} if every or word in {"someone", "everyone"} else set())


def role(s: Sentence, i: int, heads: set[int]) -> int:
    """0 for subjects, 1 for objects, 2 for the rest; conjuncts share the role of the first."""
    relation = s.relations[i]
    if relation == "conj" and s.heads[i] - 1 in heads:
        return role(s, s.heads[i] - 1, heads)
    return 0 if relation in SUBJECTS else 1 if relation in {"obj", "iobj"} else 2


def references(s: Sentence) -> list[tuple[int, str, int, Mention | None]]:
    """Where a reader thinks of which entity in which role; with the mention if there is one.

    Besides the mentions: subjects for whom a relative pronoun or nothing stands, and
    coordinated phrases, which are several.
    """
    by_head = {mention.head: mention for mention in s.mentions}
    found: list[tuple[int, str, int, Mention | None]] = [
        (i, mention.entity, role(s, i, set(by_head)), mention) for i, mention in by_head.items()
    ]
    for i, (tag, relation) in enumerate(zip(s.tags, s.relations, strict=True)):
        above = s.heads[i] - 1
        if relation in SUBJECTS and tag in {"WP", "WDT"}:
            found.append((i, by_head[s.heads[above] - 1].entity, 0, None))
        elif relation == "acl" and tag in {"VBG", "VBN"}:
            found.append((i, by_head[above].entity, 0, None))
        elif relation == "xcomp" and tag == "VB":
            controller = below(s, above, "obj")
            if controller:
                found.append((below(s, i, "mark")[0], by_head[controller[0]].entity, 0, None))
        elif relation == "conj" and i in by_head and above in by_head and not below(s, i, "cop"):
            found.append((i, "several", role(s, above, set(by_head)), None))
    return sorted(found, key=lambda row: row[0])


def test_pronouns_agree_with_their_entities(corpus: list[Document]) -> None:
    for document in corpus:
        for chain in chains(document).values():
            known = Known()
            known.read(*chain[0])
            agreeing = known.pronouns.popitem()[1]
            used = {pronoun for s, mention in chain if (pronoun := pronoun_of(s, mention))}
            assert len(used) <= 1, [bracketed(s) for s, _ in chain]
            if used != {"we"}:
                assert used <= agreeing, [bracketed(s) for s, _ in chain]
            plural = {s.tags[m.head] == "NNS" for s, m in chain if s.tags[m.head] in NOUNS}
            assert len(plural) <= 1, [bracketed(s) for s, _ in chain]


def test_pronouns_refer_to_the_most_prominent_entity_nearby(corpus: list[Document]) -> None:
    roles: Counter[int] = Counter()
    distances: Counter[int] = Counter()
    for document in corpus:
        known = Known({"several": {"they"}})
        read: list[list[tuple[int, str, int, Mention | None]]] = []
        for s in document:
            read.append([])
            for row in references(s):
                mention = row[3]
                pronoun = pronoun_of(s, mention) if mention else None
                if mention and pronoun and pronoun != "we":
                    by_distance = [
                        [r for r in earlier if pronoun in known.pronouns[r[1]]]
                        for earlier in reversed(read[-3:])
                    ]
                    distance, agreeing = next((n, r) for n, r in enumerate(by_distance) if r)
                    explicit = [r for r in agreeing if r[3] or r[1] == "several"]
                    for view in (agreeing, explicit):
                        top = min(r[2] for r in view)
                        meant = {r[1] for r in view if r[2] == top}
                        shown = "\n".join(bracketed(s) for s in document)
                        assert meant == {mention.entity}, (row, shown)
                    roles[top] += 1
                    distances[distance] += 1
                if mention:
                    known.read(s, mention)
                read[-1].append(row)
    assert min(roles[n] for n in (0, 1, 2)) > 20, roles
    assert min(distances[n] for n in (0, 1, 2)) > 20, distances


def test_like_pronouns_of_a_sentence_mean_the_same(corpus: list[Document]) -> None:
    for s in sentences_of(corpus):
        meant: dict[str, set[str]] = defaultdict(set)
        for mention in s.mentions:
            if pronoun := pronoun_of(s, mention):
                meant[pronoun].add(mention.entity)
        assert all(len(entities) == 1 for entities in meant.values()), bracketed(s)


def test_after_a_subject_only_pronouns_mean_the_same(corpus: list[Document]) -> None:
    """*Anna said that Anna was tired* would be about two people."""
    for s in sentences_of(corpus):
        subjects: set[str] = set()
        for _, entity, place, mention in references(s):
            if mention and entity in subjects:
                assert pronoun_of(s, mention), bracketed(s)
            if place == 0:
                subjects.add(entity)


def clause_of(s: Sentence, i: int) -> int:
    """The head of the smallest clause around word ``i``."""
    clauses = {"root", "ccomp", "xcomp", "advcl", "acl", "acl:relcl"}
    while s.relations[i] not in clauses and not (
        s.relations[i] == "conj" and (s.tags[i].startswith("VB") or below(s, i, "cop"))
    ):
        i = s.heads[i] - 1
    return i


def test_a_clause_mentions_an_entity_again_by_a_possessive_at_most(
    corpus: list[Document],
) -> None:
    """Neither *she saw her*, who would be someone else, nor *Anna's dog bit Anna*."""
    again: Counter[str] = Counter()
    arguments = {*SUBJECTS, "obj", "iobj", "obl", "obl:agent"}
    for s in sentences_of(corpus):
        mentions = sorted(s.mentions, key=lambda mention: mention.head)
        for n, second in enumerate(mentions):
            for first in mentions[:n]:
                clause = clause_of(s, second.head)
                if first.entity == second.entity and clause == clause_of(s, first.head):
                    roles = {s.relations[first.head], s.relations[second.head]}
                    assert not roles <= arguments, bracketed(s)
                    assert pronoun_of(s, second), bracketed(s)
                    again[s.tags[second.head]] += 1
    assert min(again[tag] for tag in ("PRP", "PRP$")) > 5, again


def test_what_has_the_same_noun_is_the_same(corpus: list[Document]) -> None:
    checked = 0
    for document in corpus:
        by_noun: dict[str, set[str]] = defaultdict(set)
        for s in document:
            for mention in s.mentions:
                word = singular_of(head_word(s, mention))
                common = s.tags[mention.head] in {"NN", "NNS"} and word not in PRONOUNS
                if common and word not in {*lexicon.HYPERNYMS.values(), "someone", "everyone"}:
                    by_noun[head_noun(word)].add(mention.entity)
                    checked += 1
        assert all(len(entities) == 1 for entities in by_noun.values()), document[0].document
    assert checked > 1000


def test_a_wider_noun_means_the_only_one_of_its_kind(corpus: list[Document]) -> None:
    kinds = {word: kind for kind, word in lexicon.HYPERNYMS.items()}
    of_kind = {
        kind: {noun.split("_")[-1] for noun in lexicon.NOUNS[kind]} for kind in kinds.values()
    }
    checked = 0
    for document in corpus:
        nouns: dict[str, set[str]] = defaultdict(set)
        for s in document:
            for mention in sorted(s.mentions, key=lambda mention: mention.head):
                word = singular_of(head_word(s, mention))
                if word in kinds:
                    others = [e for e, seen in nouns.items() if seen & of_kind[kinds[word]]]
                    assert others == [mention.entity], bracketed(s)
                    checked += 1
                nouns[mention.entity].add(word)
    assert checked >= 5


# Distractors


def test_the_nearest_mention_is_often_another(corpus: list[Document]) -> None:
    pronouns = nearest = agreeing_elsewhere = 0
    for document in corpus:
        genders = {
            entity: next(({p} for s, m in chain if (p := pronoun_of(s, m))), Known.first(*chain[0]))
            for entity, chain in chains(document).items()
        }
        before: list[str] = []
        for s in document:
            for mention in sorted(s.mentions, key=lambda mention: mention.head):
                pronoun = pronoun_of(s, mention)
                if pronoun in {"she", "he", "it", "they"}:
                    agreeing = [entity for entity in before if pronoun in genders[entity]]
                    pronouns += 1
                    nearest += before[-1] == mention.entity
                    agreeing_elsewhere += agreeing[-1] != mention.entity
                before.append(mention.entity)
    assert nearest < 0.5 * pronouns
    assert agreeing_elsewhere > 0.1 * pronouns, (agreeing_elsewhere, pronouns)


def test_documents_often_have_two_people_of_a_gender(corpus: list[Document]) -> None:
    several = repeated = 0
    for document in corpus:
        genders: Counter[str] = Counter()
        again: Counter[str] = Counter()
        for chain in chains(document).values():
            known = Known.first(*chain[0]) | {pronoun_of(s, m) or "" for s, m in chain}
            for gender in ("she", "he"):
                if gender in known and not {"she", "he"} - {gender} <= known:
                    genders[gender] += 1
                    again[gender] += len(chain) > 1
        several += max(genders.values(), default=0) > 1
        repeated += max(again.values(), default=0) > 1
    assert several > 0.4 * len(corpus), several
    assert repeated > 0.15 * len(corpus), repeated


def test_there_is_no_speaking_of_what_was_denied(corpus: list[Document]) -> None:
    """*She did not write a letter. The letter ...* does not make sense."""
    denied = 0
    for document in corpus:
        for chain in chains(document).values():
            s, mention = chain[0]
            clause = s.heads[mention.head] - 1
            negative = any(s.words[i] == "not" for i in below(s, clause))
            articles = {s.words[i] for i in below(s, mention.head, "det")}
            if s.relations[mention.head] == "obj" and negative and articles & {"a", "an"}:
                denied += 1
                assert len({id(other) for other, _ in chain}) == 1, bracketed(s)
    assert denied > 5
