"""
What people in a city write about, in four languages; data for `listener.simulation.scenario`.

Slots: `{street}` a street, `{number}` a small number, `{hour}` an hour of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrases:
    """
    Sentences of one language.

    Args:
        lang: BCP 47.
        articles: Title and text of articles.
        comments: Whole comments.
        afterthoughts: What an edit adds.
    """

    lang: str
    articles: tuple[tuple[str, str], ...]
    comments: tuple[str, ...]
    afterthoughts: tuple[str, ...]


STREETS: Final = (
    "Maple Avenue",
    "9th Street",
    "Riverbend Drive",
    "Old Mill Road",
    "Station Square",
    "Larkspur Crescent",
)

_ENGLISH: Final = Phrases(
    "en",
    (
        (
            "The pothole on {street} has a birthday",
            "It has been there for {number} weeks. Three cars with flat tires since Sunday.\n\n"
            "The form says it was received. We believe it.",
        ),
        (
            "Snow routes: what is cleared first",
            "The ploughs start on {street} and reach the side streets within {number} hours.\n\n"
            "Please leave room at the bus stops; the drivers cannot see over the banks.",
        ),
        (
            "Library hours over the holidays",
            "The branch on {street} closes at {hour}:00 all week, and the book drop stays open.\n\n"
            "Story time is full, but there is a waiting list.",
        ),
        (
            "New timetable, old questions",
            "The number {number} now runs every ten minutes until {hour}:00. After that you walk.\n\n"
            "I rode it end to end so that you don't have to.",
        ),
        (
            "Who turned off the lights at {street}?",
            "Half of the street lamps have been dark since Tuesday, and it is dark at {hour}:00 already.",
        ),
        (
            "Skating on the pond opens tomorrow",
            "The ice measured {number} cm this morning. Warming hut open until {hour}:00, bring your own cocoa.",
        ),
        (
            "Notes from the budget evening",
            "About {number} neighbours came. Most questions were about snow, the rest about dogs.",
        ),
        (
            "A bike lane grows on {street}",
            "Nine poles, two signs and one very surprised delivery van. It takes {number} parking spots.",
        ),
    ),
    (
        "Same on {street}. I counted {number} holes on my way to work.",
        "Thanks for clearing the sidewalk so early, it was done by {hour}:00!",
        "Is the library open on Sunday? The website says two different things.",
        "The bus never came. Waited {number} minutes with a toddler.",
        "Please add a bench at {street}, my dad can't stand that long.",
        "Honestly? Great service, I called and they came the same day.",
        "Could someone look at the traffic light at {street}? It skips the pedestrians.",
        "Water pressure has been low since {hour}:00, anyone else?",
        "Recycling was not picked up again, that makes {number} times this year.",
        "Does the rink rent helmets?",
    ),
    ("Update: somebody came by today, thank you.", "Edit: it was Thursday, not Friday."),
)

_FRENCH: Final = Phrases(
    "fr",
    (
        (
            "Nid-de-poule sur {street} : chronique d’un cratère",
            "Il est là depuis {number} semaines. Les voisins lui ont donné un nom.\n\n"
            "La demande est enregistrée, paraît-il.",
        ),
        (
            "Déneigement : ce qui passe en premier",
            "Les chasse-neige commencent par {street}, puis les rues calmes dans les {number} heures.\n\n"
            "Merci de dégager les arrêts d’autobus.",
        ),
        (
            "La bibliothèque change ses heures",
            "La succursale de {street} fermera à {hour} h toute la semaine.\n\n"
            "L’heure du conte affiche complet.",
        ),
        (
            "Le nouveau train, vu de la banquette",
            "Un passage toutes les {number} minutes, c’est promis. Ce matin c’était presque vrai.",
        ),
        (
            "La patinoire ouvre demain",
            "La glace mesure {number} cm. Chocolat chaud jusqu’à {hour} h, apportez vos tasses.",
        ),
        (
            "Une piste cyclable sur {street}",
            "Neuf poteaux, deux panneaux, et {number} places de stationnement en moins.",
        ),
    ),
    (
        "Même chose sur {street}, j’ai compté {number} trous.",
        "Merci pour le trottoir déneigé si tôt, à {hour} h c’était fait !",
        "La bibliothèque est-elle ouverte dimanche ?",
        "L’autobus n’est jamais passé, {number} minutes d’attente avec la poussette.",
        "Le feu de {street} oublie les piétons, quelqu’un peut vérifier ?",
        "Franchement, bon service : j’ai appelé, ils sont venus le jour même.",
        "Le recyclage n’a pas été ramassé, encore.",
    ),
    ("Mise à jour : quelqu’un est passé aujourd’hui, merci.", "Correction : c’était jeudi."),
)

_SPANISH: Final = Phrases(
    "es",
    (
        (
            "El bache de {street} cumple años",
            "Lleva {number} semanas ahí. Tres ruedas pinchadas desde el domingo.\n\nLa solicitud consta como recibida.",
        ),
        (
            "La nieve y las calles pequeñas",
            "Primero limpian {street}; a las demás llegan en unas {number} horas. Paciencia y pala.",
        ),
        (
            "Horario de la biblioteca",
            "Esta semana cierra a las {hour}:00. El buzón de devoluciones sigue abierto.",
        ),
        (
            "El tren de las {hour}:00",
            "Pasa cada {number} minutos, cuando pasa. Hoy fui de punta a punta.",
        ),
        (
            "Mañana abre la pista de hielo",
            "El hielo mide {number} cm. Hay chocolate caliente hasta las {hour}:00.",
        ),
    ),
    (
        "Igual en {street}: conté {number} baches.",
        "¡Gracias por limpiar la acera tan temprano!",
        "¿Abre la biblioteca el domingo?",
        "El autobús no vino. Esperé {number} minutos con la niña.",
        "¿Puede alguien revisar el semáforo de {street}?",
        "La verdad, buen servicio: llamé y vinieron el mismo día.",
    ),
    ("Actualización: hoy vino alguien, gracias.", "Corrijo: fue el jueves."),
)

_UKRAINIAN: Final = Phrases(
    "uk",
    (
        (
            "Яма на {street} святкує день народження",
            "Їй уже {number} тижнів. З неділі три пробиті шини.\n\nЗаявку, кажуть, прийнято.",
        ),
        (
            "Сніг: що прибирають спочатку",
            "Починають із {street}, до дворів доходять за {number} годин. Залиште місце на зупинках.",
        ),
        (
            "Бібліотека змінює години роботи",
            "Цього тижня зачиняється о {hour}:00. Книжки можна повернути через скриньку.",
        ),
        (
            "Завтра відкривається ковзанка",
            "Лід {number} см. Гарячий шоколад до {hour}:00, приходьте зі своїм горнятком.",
        ),
    ),
    (
        "На {street} те саме, я нарахувала {number} ям.",
        "Дякую, що так рано розчистили тротуар!",
        "Бібліотека працює в неділю?",
        "Автобус не приїхав, чекали {number} хвилин.",
        "Перевірте, будь ласка, світлофор на {street}.",
    ),
    ("Оновлення: сьогодні приїхали, дякую.", "Виправлення: це було в четвер."),
)

PHRASES: Final[dict[str, Phrases]] = {
    phrases.lang: phrases for phrases in (_ENGLISH, _FRENCH, _SPANISH, _UKRAINIAN)
}
