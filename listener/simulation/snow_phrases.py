"""
What people say in a city while it snows, in three languages; data for `listener.simulation.snowstorm`.

Slots: `{street}` a street, `{number}` a small number, `{hour}` an hour of the day; of a troll also `{handle}`, `{email}`,
`{email_at}` (in disguise), `{phone}` and `{profile}` of somebody who does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SnowPhrases:
    """
    Sentences of one language.

    Args:
        lang: BCP 47.
        told: Title and text of what the city publishes.
        asked: What people ask or tell the city.
        chat: What they say that is no business of the city's: no hashtag, no question.
        answers: What they say under something the city published.
        afterthoughts: What an edit adds.
    """

    lang: str
    told: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]
    chat: tuple[str, ...]
    answers: tuple[str, ...]
    afterthoughts: tuple[str, ...]


_ENGLISH: Final = SnowPhrases(
    "en",
    (
        (
            "Snow clearing: where the ploughs are",
            "All {number} ploughs are out. They start on {street} and reach side streets within {hour} hours.",
        ),
        (
            "Warming centres are open",
            "The hall on {street} stays open all night. Bring a neighbour, and the dog.",
        ),
        ("Parking ban from {hour}:00", "Please leave {street} free tonight, so that the ploughs can pass."),
        (
            "Snow Day 1: a ride in the plough",
            "A film of {number} minutes: how a street is cleared, and why twice.",
        ),
    ),
    (
        "When does the plough come to {street}? The bus cannot get up the hill.",
        "{street} has not been cleared since {hour}:00. My mother uses a walker.",
        "The stop at {street} is a wall of snow, {number} people wait on the road.",
        "Is the school on {street} open tomorrow?",
        "Street lamps are out on {street}, and it snows so hard that nobody sees the kerb.",
        "Thank you to whoever cleared {street} before {hour}:00!",
        "Whom do I tell about a fallen branch on {street}?",
        "Recycling was under {number} cm of snow and was left. Will they come back?",
    ),
    (
        "Snow tires on, soup on, nowhere to go.",
        "Counted {number} snowmen on my way home.",
        "My cat has seen the snow and handed in her notice.",
        "Does anybody have a sledge to lend?",
    ),
    (
        "And the sidewalks on {street}?",
        "Great, but side streets come last every year.",
        "They were here at {hour}:00, thank you!",
        "How do I know whether {street} is a snow route?",
    ),
    ("Edit: they have just come by.", "Edit: it was the other end of the street."),
)

_FRENCH: Final = SnowPhrases(
    "fr",
    (
        (
            "Déneigement : où sont les chasse-neige",
            "Les {number} chasse-neige sont sortis. D’abord {street}, puis les rues calmes dans les {hour} heures.",
        ),
        (
            "Haltes-chaleur ouvertes",
            "La salle de {street} reste ouverte toute la nuit. Venez avec vos voisins.",
        ),
        ("Stationnement interdit dès {hour} h", "Merci de laisser {street} libre cette nuit."),
    ),
    (
        "Quand passe le chasse-neige sur {street} ? L’autobus ne monte plus.",
        "{street} n’est pas dégagée depuis {hour} h.",
        "L’arrêt de {street} est un mur de neige, {number} personnes attendent sur la chaussée.",
        "L’école de {street} ouvre-t-elle demain ?",
        "Merci à la personne qui a dégagé {street} avant {hour} h !",
    ),
    (
        "Soupe, couverture, et {number} épisodes.",
        "Mon chat a vu la neige et a démissionné.",
        "Qui prête une luge ?",
    ),
    (
        "Et les trottoirs de {street} ?",
        "Ils sont passés à {hour} h, merci !",
        "Les petites rues passent toujours en dernier.",
    ),
    ("Correction : ils viennent de passer.", "Correction : c’était à l’autre bout."),
)

_SPANISH: Final = SnowPhrases(
    "es",
    (
        (
            "Nieve: por dónde van las quitanieves",
            "Las {number} quitanieves están fuera. Primero {street}; a las demás calles llegan en {hour} horas.",
        ),
        ("Refugios abiertos", "La sala de {street} no cierra esta noche. Venga con sus vecinos."),
    ),
    (
        "¿Cuándo pasa la quitanieves por {street}? El autobús no sube.",
        "{street} sigue sin limpiar desde las {hour}:00.",
        "La parada de {street} es un muro de nieve y esperan {number} personas en la calzada.",
        "¿Abre mañana la escuela de {street}?",
        "¡Gracias a quien limpió {street} antes de las {hour}:00!",
    ),
    (
        "Chocolate, manta y {number} películas.",
        "Mi gata vio la nieve y presentó su renuncia.",
        "¿Alguien presta un trineo?",
    ),
    (
        "¿Y las aceras de {street}?",
        "Pasaron a las {hour}:00, ¡gracias!",
        "Las calles pequeñas, siempre al final.",
    ),
    ("Corrijo: acaban de pasar.", "Corrijo: era la otra punta."),
)

SNOW: Final[dict[str, SnowPhrases]] = {each.lang: each for each in (_ENGLISH, _FRENCH, _SPANISH)}

TROLL: Final = (
    "The mayor could not find a shovel in a snowdrift. Resign! Resign! Resign!",
    "RESIGN RESIGN RESIGN https://spam.example/win?now={number} https://spam.example/win?now={number}",
    "Everybody write to {email} or ring {phone}, that is who forgot {street}!",
    "Ask @{handle} why {street} is not cleared, ask @{handle}, ask @ {handle}, ask ＠{handle}!",
    "write to {email_at} and call {phone}, spread it",
    "@{handle}: your name is on the list. {profile}",
)
"""What somebody says who insults the mayor (an office, nobody by name), spams, and tries to get people's names through."""
