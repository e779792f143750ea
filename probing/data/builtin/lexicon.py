"""The words of the built-in corpus and what they go with.

Nouns are sorted into kinds, and verbs, adjectives and prepositions say which kinds they take:
people read letters and dogs chase cats, never the other way round. An underscore joins the
parts of a compound (``police_officer``), of which the last is the head.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "person", "animal", "text", "food", "tool", "vehicle", "building", "furniture", "box",
    "event", "idea",
    "setting",  # places, cities, times and clothes, of which nothing is told
]  # fmt: skip
Pronoun = Literal["she", "he", "it", "they", "we"]
"""The pronoun that stands for somebody or something tells gender and number."""

NOUNS: dict[Kind, list[str]] = {
    "person": """teacher doctor farmer lawyer painter writer singer student nurse baker engineer
        driver gardener manager reporter scientist soldier tourist judge waiter actor artist
        carpenter dentist editor guard hunter journalist librarian mechanic musician neighbor
        photographer pilot plumber poet sailor secretary tailor visitor traveler officer chemist
        police_officer bus_driver shop_owner history_teacher football_coach tour_guide""".split(),
    "animal": """dog cat horse fox rabbit goat sheep donkey puppy kitten duck goose wolf pony
        farm_dog mountain_goat hen monkey lamb guard_dog""".split(),
    "text": """letter book report article novel poem newspaper map contract diary postcard essay
        magazine story document message notebook recipe_book travel_guide love_letter biography
        news_story phone_bill birthday_card""".split(),
    "food": """apple cake sandwich pear pie soup bread cheese salad orange cookie egg potato carrot
        sausage pancake honey fish lemon fruit_salad chocolate_cake apple_pie
        vegetable_soup""".split(),
    "tool": """key hammer knife lamp camera umbrella rope ladder bottle basket clock candle mirror
        vase watch cup plate bucket brush needle blanket pillow violin guitar radio telescope
        garden_hose coffee_cup kitchen_knife bicycle_pump oil_lamp silver_spoon""".split(),
    "vehicle": """car truck bus van wagon tractor motorcycle taxi minibus scooter fire_truck
        delivery_van school_bus""".split(),
    "building": """house school library museum church hotel shop factory hospital office theater
        restaurant castle barn cottage bakery cinema palace tower cabin post_office train_station
        book_shop art_gallery city_hall coffee_shop""".split(),
    "furniture": """table desk shelf bench chair sofa bed counter piano kitchen_table writing_desk
        garden_bench""".split(),
    "box": """box drawer cabinet bag suitcase cupboard chest backpack tool_box jewelry_box
        filing_cabinet""".split(),
    "event": """meeting concert party wedding lecture dinner exhibition festival parade trial
        conference ceremony game interview funeral debate dance_class tennis_match
        press_conference birthday_party school_trip town_meeting""".split(),
    "idea": """plan idea proposal theory suggestion decision offer law rule budget project change
        strategy solution method business_plan peace_treaty tax_law building_project""".split(),
}
MASS = frozenset("soup bread cheese honey fish salad".split())
GROUPS = """student tourist neighbor visitor sailor nurse soldier reporter farmer musician actor
    engineer""".split()
KIN: dict[Pronoun, list[str]] = {
    "she": "sister mother daughter aunt grandmother niece".split(),
    "he": "brother father son uncle grandfather nephew".split(),
}
NAMES: dict[Pronoun, list[str]] = {
    "she": """Anna Clara Emma Grace Helen Irene Julia Laura Maria Nina Olivia Paula Rosa Sarah
        Teresa Vera Alice Diana Edith Flora Martha Nora Ruth Sylvia Linda Carol""".split(),
    "he": """Adam Bruno Carl Daniel Erik Felix George Henry Ivan Jacob Kevin Leo Martin Noah
        Oscar Paul Robert Simon Thomas Victor Walter Peter Frank Hugo Arthur Philip""".split(),
}
SURNAMES = """Baker Carter Dixon Ellis Foster Garcia Harris Ibsen Jensen Keller Larson Miller Novak
    Olsen Parker Quinn Rossi Schmidt Turner Vargas Weber Young Zimmer Adler Bishop Collins Dalton
    Fischer Grant Hoffman Kim Lopez Moreno Nguyen Porter Reyes Silva Tanaka Walsh Brandt""".split()
# A document speaks of one of each group at most: a reader might take two for the same.
_ALIKE = """book novel story biography guide diary, letter message note postcard card,
    report article document essay newspaper magazine, doctor nurse, painter artist,
    writer author poet, singer musician, officer guard soldier, reporter journalist editor,
    tourist visitor traveler guest, scientist chemist engineer, owner manager, dog puppy wolf,
    cat kitten, horse pony donkey, goat sheep lamb, duck goose hen, cake pie pancake cookie,
    watch clock, lamp candle, car taxi, truck van wagon, bus minibus, motorcycle scooter,
    house cottage cabin, museum gallery, shop bakery, theater cinema, castle palace,
    table desk counter, bench chair sofa, box cabinet chest cupboard, bag suitcase backpack,
    coat jacket raincoat, shirt sweater, meeting conference, party wedding ceremony festival dinner,
    debate interview, game match, plan project strategy, idea method solution theory,
    proposal suggestion offer, law rule treaty, decision change, city village""".split(",")
ALIKE: dict[str, str] = {word: group.split()[0] for group in _ALIKE for word in group.split()}
# What the only one of its kind may be called when it is mentioned again.
HYPERNYMS: dict[Kind, str] = {
    "animal": "animal", "vehicle": "vehicle", "building": "building", "event": "event",
}  # fmt: skip
CITIES = """Paris London Berlin Madrid Rome Vienna Lisbon Oslo Dublin Boston Chicago Denver Toronto
    Cairo Sydney Prague""".split()

# In the order in which they stand; of the words between two bars a noun takes one at most.
_RANKED: dict[Kind, str] = {
    "person": "famous unknown | friendly polite honest patient | brave clever nervous lazy quiet "
    "experienced | rich poor | tall | young old",
    "animal": "friendly noisy quiet | hungry | small big fat thin | young old wild | brown black "
    "white gray",
    "text": "important interesting boring strange | famous secret | long short | new old",
    "food": "delicious | cheap expensive | small large | fresh cold warm | sweet",
    "tool": "beautiful useful ugly | cheap expensive | small large heavy light | rusty | new old",
    "vehicle": "cheap expensive | fast slow | dirty clean | small large | new old | red blue green "
    "yellow",
    "building": "beautiful ugly famous | quiet noisy empty | large small | modern old | gray white",
    "furniture": "beautiful ugly | heavy light | long low | dusty | new old | wooden",
    "box": "heavy light empty | large small | new old | black brown | leather wooden",
    "event": "important interesting boring | noisy quiet | long short | annual",
    "idea": "brilliant useful dangerous strange | important | expensive cheap | simple | new",
}
ADJECTIVES: dict[Kind, list[list[str]]] = {
    kind: [rank.split() for rank in ranks.split("|")] for kind, ranks in _RANKED.items()
}
STATES: dict[Kind, list[str]] = {
    "person": "tired happy angry nervous proud late busy sick calm hungry sad excited".split(),
    "animal": "hungry tired nervous dirty sick calm excited".split(),
    "text": "boring famous long wrong accurate incomplete".split(),
    "food": "cold ready fresh delicious expensive".split(),
    "tool": "broken dirty heavy expensive useful".split(),
    "vehicle": "dirty empty slow expensive ready".split(),
    "building": "empty quiet cold dark crowded open".split(),
    "furniture": "dusty heavy dirty expensive".split(),
    "box": "empty full heavy open".split(),
    "event": "boring short late noisy popular successful".split(),
    "idea": "simple strange dangerous impossible clear popular".split(),
}

# Subject kind -> object kind -> verbs.
TRANSITIVE: dict[Kind, dict[Kind, list[str]]] = {
    "person": {
        "text": """read write copy translate hide burn publish print lose find study forget finish
            keep buy""".split(),
        "food": "eat cook buy sell share prepare bring serve taste steal order".split(),
        "tool": "carry find lose break hide steal repair clean drop borrow buy sell keep".split(),
        "vehicle": "drive repair wash buy sell park rent steal paint".split(),
        "building": "visit paint leave enter sell rent own admire build photograph".split(),
        "furniture": "clean move paint repair buy sell".split(),
        "box": "open close carry lock move empty find pack".split(),
        "person": "meet call help visit thank follow praise greet trust admire blame know".split(),
        "animal": "feed chase wash follow find train watch own".split(),
        "event": "attend organize plan leave enjoy miss postpone announce remember".split(),
        "idea": "discuss explain reject accept support understand criticize describe".split(),
    },
    "animal": {
        "person": "follow watch bite chase trust".split(),
        "animal": "chase watch follow fight".split(),
        "food": "eat smell find steal".split(),
        "building": "enter leave".split(),
        "vehicle": "follow chase".split(),
    },
}
INTRANSITIVE: dict[Kind, list[str]] = {
    "person": "sleep smile laugh wait arrive work sing swim dance rest cry sit cough".split(),
    "animal": "sleep jump hide wait eat rest disappear arrive".split(),
    "text": ["disappear"],
    "tool": "disappear break fall".split(),
    "vehicle": "stop arrive disappear wait".split(),
    "event": "begin end start continue".split(),
    "idea": "fail work change succeed".split(),
}
MOTION: dict[Kind, list[str]] = {
    "person": "walk run travel hurry drive return move ride go".split(),
    "animal": "run walk go return wander".split(),
}
# Verb, preposition, kinds that may follow.
OBLIQUE: list[tuple[str, str, list[Kind]]] = [
    ("wait", "for", ["person", "vehicle"]), ("talk", "to", ["person"]),
    ("look", "at", ["tool", "text", "building", "animal"]), ("listen", "to", ["person"]),
    ("work", "with", ["person"]), ("think", "about", ["idea", "event", "person"]),
    ("laugh", "at", ["person", "idea"]), ("complain", "about", ["event", "food", "idea"]),
    ("search", "for", ["tool", "text", "box"]), ("point", "at", ["building", "vehicle"]),
    ("pay", "for", ["food", "vehicle", "tool"]), ("argue", "with", ["person"]),
    ("believe", "in", ["idea"]), ("prepare", "for", ["event"]), ("play", "with", ["animal"]),
]  # fmt: skip
# Verb, particle, kinds of its object.
PARTICLE: list[tuple[str, str, list[Kind]]] = [
    ("pick", "up", ["tool", "text", "box"]), ("put", "away", ["tool", "text"]),
    ("throw", "away", ["food", "text"]), ("give", "back", ["tool", "text"]),
    ("wake", "up", ["person", "animal"]), ("turn", "down", ["idea"]),
    ("clean", "up", ["building"]), ("call", "off", ["event"]), ("hand", "over", ["text", "box"]),
    ("take", "out", ["food", "tool"]), ("put", "down", ["tool", "box"]),
    ("carry", "out", ["idea"]), ("tear", "down", ["building"]), ("bring", "back", ["text", "tool"]),
]  # fmt: skip
# Verb, its preposition without a double object, kinds of the gift.
DITRANSITIVE: list[tuple[str, str, list[Kind]]] = [
    ("give", "to", ["text", "tool", "food"]), ("send", "to", ["text", "food"]),
    ("show", "to", ["text", "tool", "vehicle"]), ("lend", "to", ["tool", "vehicle", "text"]),
    ("offer", "to", ["food", "tool"]), ("hand", "to", ["text", "tool", "food"]),
    ("sell", "to", ["vehicle", "tool", "animal"]), ("bring", "to", ["food", "text", "tool"]),
    ("buy", "for", ["food", "tool", "animal"]), ("find", "for", ["tool", "text"]),
]  # fmt: skip
THAT_VERBS = """say think know believe hope claim notice remember report explain announce discover
    suspect forget learn admit""".split()
BARE_VERBS = frozenset("say think know believe hope".split())  # may do without *that*
WHETHER_VERBS = "wonder ask know".split()
TO_VERBS = """want try decide hope plan need refuse manage promise agree begin forget
    learn""".split()
CAUSE_VERBS = "persuade invite encourage urge force allow advise".split()
STATIVE = frozenset(
    """own trust admire know remember understand believe keep want need hope forget think notice
    suspect seem lose find miss enjoy""".split()
)
INSTRUMENTS: dict[str, list[str]] = {
    "open": ["key", "knife"], "lock": ["key"], "repair": ["hammer"], "watch": ["telescope"],
    "clean": ["brush"], "paint": ["brush"], "photograph": ["camera"],
    "break": ["hammer"], "wash": ["brush", "garden_hose"],
}  # fmt: skip
# What is seldom said in the passive, or only with an agent.
NEVER_PASSIVE = frozenset("leave enter enjoy miss know keep own follow watch trust bring".split())
# Nouns that a complement belongs to: the noun, its preposition, kinds of the complement.
RELATIONAL: dict[Kind, list[tuple[str, str, list[Kind]]]] = {
    "person": [("owner", "of", ["building", "vehicle", "animal"]), ("author", "of", ["text"]),
               ("guest", "at", ["event"]), ("manager", "of", ["building"])],
    "tool": [("key", "to", ["building", "box", "vehicle"])],
    "text": [("copy", "of", ["text"]), ("list", "of", ["tool", "food"]),
             ("picture", "of", ["person", "building", "animal"])],
    "box": [("box", "of", ["tool", "food"]), ("bag", "of", ["food"])],
    "idea": [("plan", "for", ["event", "building"]), ("idea", "for", ["event", "text"]),
             ("proposal", "for", ["building"]), ("rule", "about", ["event", "animal"])],
}  # fmt: skip
MEASURES = frozenset("box bag list".split())  # of many things, never of one
PLURALS: dict[Kind, float] = {  # how often several of a kind are spoken of
    "person": 0.25, "animal": 0.35, "text": 0.35, "food": 0.45, "tool": 0.35, "vehicle": 0.25,
    "building": 0.12, "furniture": 0.2, "box": 0.25, "event": 0.2, "idea": 0.25,
}  # fmt: skip
# What may describe a noun of a kind: preposition, kinds of the complement.
DESCRIBING: dict[Kind, list[tuple[str, list[Kind]]]] = {
    "person": [("from", ["building"]), ("near", ["furniture", "vehicle"]),
               ("behind", ["furniture"])],
    "animal": [("near", ["building"]), ("behind", ["furniture", "building"]),
               ("under", ["furniture"])],
    "text": [("about", ["event", "idea", "animal"]), ("from", ["person"]), ("in", ["box"]),
             ("on", ["furniture"])],
    "food": [("on", ["furniture"]), ("from", ["person"]), ("in", ["box"])],
    "tool": [("in", ["box"]), ("on", ["furniture"]), ("near", ["furniture"])],
    "vehicle": [("behind", ["building"]), ("near", ["building"])],
    "building": [("near", ["building"]), ("behind", ["building"])],
    "furniture": [("in", ["building"]), ("near", ["furniture"])],
    "box": [("on", ["furniture"]), ("under", ["furniture"]), ("near", ["furniture"])],
    "event": [("in", ["building"]), ("after", ["event"]), ("with", ["person"])],
    "idea": [("for", ["event", "building"])],
}  # fmt: skip
CLOTHES = "hat coat jacket raincoat sweater uniform shirt suit".split()
COLOURS = "red green black gray white blue yellow brown".split()
PLACES: dict[str, str] = {
    "garden": "in", "park": "in", "yard": "in", "kitchen": "in", "forest": "in", "village": "in",
    "city": "in", "valley": "in", "hall": "in", "station": "at", "market": "at", "harbor": "at",
    "airport": "at", "bus_stop": "at", "street": "on", "beach": "on", "bridge": "on",
    "river": "near", "lake": "near",
}  # fmt: skip
TIMES = """in the morning, in the evening, in the afternoon, in the winter, in the summer, in May,
    in June, on Monday, on Tuesday, on Friday, on Sunday, at night, before lunch, after breakfast,
    before dinner, after work, during the night, during the storm""".split(",")
DAYS_AND_MONTHS = frozenset("Monday Tuesday Friday Sunday May June".split())

MANNER = {
    "doing": "quietly quickly carefully secretly".split(),
    "moving": "slowly quickly quietly".split(),
    "resting": "quietly patiently alone".split(),
}
FREQUENCY = "often always never usually rarely sometimes".split()
OPENERS = "later soon finally suddenly then meanwhile however therefore fortunately".split()
DEGREES = "very quite rather extremely too".split()
NUMBERS = "two three four five six seven ten twelve".split()
REASONS = ["because", "although"]
OCCASIONS = ["while", "after", "before", "when"]
PURPOSES = frozenset("plan decision offer proposal".split())  # take an infinitive
PAST_MODALS = "could would might should".split()
PRESENT_MODALS = "can will should must may".split()

IRREGULAR_PLURALS = {
    "sheep": "sheep", "goose": "geese", "wolf": "wolves", "knife": "knives", "shelf": "shelves",
    "potato": "potatoes",
}  # fmt: skip
# Lemma -> past, past participle. Everything else is regular.
IRREGULAR_VERBS: dict[str, tuple[str, str]] = {
    lemma: (past, participle)
    for lemma, past, participle in (
        row.split()
        for row in """have had had, do did done, read read read, write wrote written,
        hide hid hidden, lose lost lost, find found found, forget forgot forgotten, keep kept kept,
        buy bought bought, eat ate eaten, sell sold sold, bring brought brought,
        steal stole stolen, break broke broken, drive drove driven, leave left left,
        build built built, meet met met, know knew known, feed fed fed,
        understand understood understood, bite bit bitten, fight fought fought, sleep slept slept,
        sing sang sung, swim swam swum, sit sat sat, fall fell fallen, begin began begun,
        become became become, run ran run, ride rode ridden, go went gone, think thought thought,
        pay paid paid, put put put, throw threw thrown, give gave given, wake woke woken,
        take took taken, tear tore torn, send sent sent, show showed shown, lend lent lent,
        say said said""".split(",")
    )
}
# These double their last consonant before -ed and -ing.
DOUBLING = frozenset("drop stop plan forget put run sit swim begin admit".split())
