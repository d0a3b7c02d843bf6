"""What may not be looked for on X, word by word, and what only looks like it. (privacy.md D22)"""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from adapters.x import SPEC
from adapters.x.sensitive import sensitive_list, unlawful
from listener.adapter import Terms
from listener.text import fold

PHRASES_REFUSED = [
    "protest", "protests", "Protesters downtown", "anti-protest bylaw", "counter-protest", "PROTESTING", "protest rally",
    "protestation", "demonstration", "demonstrations", "démonstration", "demonstrators", "manifestation", "manifestations",
    "manif", "manifs", "contre-manifestation", "la manif de samedi", "manifestants", "rally", "rallies", "rally at city hall",
    "political rally", "rassemblement", "rassemblement citoyen", "women's march", "Women’s March", "climate march",
    "march for our lives", "march against racism", "protest march", "marche contre", "marche pour le climat",
    "marche blanche", "strike", "strikes", "transit strike", "strike vote", "teachers on strike", "grève", "greve",
    "grèves", "grève générale", "gréviste", "piquet de grève", "la grève", "picket line", "walkout", "walk-out",
    "student walkout", "lockout", "work-to-rule", "job action", "débrayage", "trade union", "unionize", "syndicat",
    "l'intersyndicale", "sit-in", "sit-ins", "die-in", "blockade", "rail blockade", "blocus", "blocage routier",
    "civil disobedience", "désobéissance civile", "campus encampment", "riot", "rioters", "émeute", "émeutes",
    "community organizing", "community organising meeting", "organizing meetings", "black lives matter", "idle no more",
    "gilets jaunes", "gilets-jaunes", "freedom convoy", "convoi de la liberté", "about #climatestrike",
    "ＰＲＯＴＥＳＴ", "protest at the car rally", "journée d’action",
]  # fmt: skip

PHRASES_FINE = [
    "transit", "Example Transit", "calgary", "road closure", "déneigement", "parade", "festival", "vigil", "council meeting",
    "rally cross", "rally-cross", "Rally Championship", "World Rally Championship", "car rally", "classic car rally", "rallye",
    "rallye automobile", "Rally Schweiz", "pep rally", "stock rally", "rally around", "generally", "literally", "March",
    "march break", "8 March", "March Madness", "march for babies", "marching band", "marché public", "marché de Noël",
    "ça marche", "marche pour l'alzheimer", "lightning strike", "bowling strike", "strike zone", "strike out", "first strike",
    "bird strike", "striker", "bridge strike", "a striking view", "cooking demonstration", "demonstration kitchen",
    "demonstration garden", "demonstration project", "démonstration culinaire", "product demonstrations",
    "manifestation culturelle", "manifestations sportives", "manifestation d'intérêt", "manifesto", "manifeste",
    "manifold pressure", "protestant church", "église protestante", "rassemblement familial", "point de rassemblement",
    "picket fence", "walkout basement", "sit in the park", "syndicat de copropriété", "contestation de contravention",
    "riot games", "New England Patriots", "credit union", "Union Station", "student union building",
    "occupation", "occupy the house", "blocage d'égout", "home demo", "place de grève", "marches",
    "l'occupation du sol", "organizer", "community",
]  # fmt: skip

TAGS_REFUSED = [
    "protest", "yycprotests", "ProtestYYC", "climate_strike", "ClimateStrike", "climatestrike", "strike4climate",
    "manifclimat", "ManifDu8Mars", "manif", "manifestation", "manifestons", "grève", "GreveGenerale", "grève2027",
    "womensmarch", "WomensMarchYYC", "MarchForOurLives", "marchagainstracism", "marchepourleclimat", "freedomrally",
    "rally", "RallyForPalestine", "calgaryrally", "teacherwalkout", "generalstrike", "BCGEUStrike", "blockade",
    "railblockade", "SitIn", "sit_in", "piquetdegreve", "émeutes", "communityorganizing", "unionize", "blacklivesmatter",
    "BLM", "idlenomore", "giletsjaunes", "GiletsJaunes", "fridaysforfuture", "occupywallstreet", "rassemblementcitoyen",
]  # fmt: skip

TAGS_FINE = [
    "yyc", "exampletransit", "RallySchweiz", "rallyschweiz", "rallycross", "RallyFinland2027", "wrcrally", "carrally",
    "rallye", "rallyedumaroc", "literallyme", "centrallylocated", "naturallyyyc", "march", "8march", "marchbreak",
    "MarchMadness", "marchforecast", "womeninmarch", "marchedenoel", "protestantchurch", "manifesto", "manifestyourdreams",
    "manifestationculturelle", "lightningstrike", "strikezone", "striker", "counterstrike", "cookingdemonstration",
    "patriots", "newenglandpatriots", "chariots", "picketfence", "walkoutbasement", "creditunion", "demonstrationgarden",
    "solidarity", "pride", "vigil", "riotgames", "SyndicatDInitiative", "grevenmacher",
]  # fmt: skip


def of_tags(*tags: str) -> Terms:
    """Hashtags as the settings hand them over."""
    return Terms(hashtags=frozenset(map(fold, tags)))


def of_phrases(*phrases: str) -> Terms:
    """Phrases as the settings hand them over."""
    return Terms(phrases=frozenset(map(fold, phrases)))


@pytest.mark.parametrize("phrase", PHRASES_REFUSED)
def test_a_phrase_about_a_sensitive_event_is_unlawful(phrase: str) -> None:
    """Each inflection, with and without accents, hyphens and apostrophes, wherever it stands."""
    assert [each.term for each in unlawful(of_phrases(phrase))] == [fold(phrase)]


@pytest.mark.parametrize("phrase", PHRASES_FINE)
def test_a_phrase_that_only_looks_like_it_is_lawful(phrase: str) -> None:
    """The month, the sport, the cellar and the market are no protests."""
    assert unlawful(of_phrases(phrase)) == ()


@pytest.mark.parametrize("tag", TAGS_REFUSED)
def test_a_hashtag_about_a_sensitive_event_is_unlawful(tag: str) -> None:
    """Joined, in camel case, with a year or an underscore."""
    assert [each.term for each in unlawful(of_tags(tag))] == [fold(tag)]


@pytest.mark.parametrize("tag", TAGS_FINE)
def test_a_hashtag_that_only_looks_like_it_is_lawful(tag: str) -> None:
    """A sensitive word inside another word is none."""
    assert unlawful(of_tags(tag)) == ()


def test_every_unlawful_term_is_told_with_clause_page_and_day() -> None:
    """All of them at once, hashtags first, each as the watch has it."""
    terms = Terms(frozenset({"climatestrike", "yyc"}), frozenset({"protest"}), frozenset({"rally", "bus"}))
    clause = (
        "X forbids surveillance, and to track, alert to or monitor sensitive events such as protests, rallies or community"
        " organizing meetings (https://docs.x.com/developer-terms/restricted-use-cases, read 2026-11-24); by our list of"
        " 2026-11-25 the term is one for "
    )

    assert [(each.term, each.because) for each in unlawful(terms)] == [
        ("climatestrike", clause + "strikes and other labour action"),
        ("rally", clause + "rallies"),
    ]


def test_the_list_is_dated_and_spelled_as_it_is_compared() -> None:
    """An entry with an accent, a sign or a capital would never be found; one that is in both parts would be pointless."""
    document = tomllib.loads(files("adapters.x").joinpath("sensitive_terms.toml").read_text("utf-8"))
    entries = {
        part: [each for group in document[part] for key in ("words", "tags") for each in group[key]]
        for part in ("sensitive", "innocent")
    }

    assert date(2026, 1, 1) <= sensitive_list().checked_on <= datetime.now(UTC).date()
    assert date(2026, 1, 1) <= sensitive_list().clause.checked_on <= datetime.now(UTC).date()
    assert [each for part in entries.values() for each in part if not each.replace(" ", "").isalnum()] == []
    assert [
        each for part in entries.values() for each in part if not each.isascii() or each != each.lower()
    ] == []
    assert set(entries["sensitive"]) & set(entries["innocent"]) == set()


def test_a_list_that_nobody_went_through_for_long_is_warned_of_like_a_page() -> None:
    """Its page is among those of the terms, as old as the older of the two."""
    known = sensitive_list()
    read_on = SPEC.terms.read_on()

    assert read_on[known.clause.address] == min(known.checked_on, known.clause.checked_on)
    assert len(read_on) == 4
