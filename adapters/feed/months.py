"""
Names of months as blogs in European languages write them, in full, in the genitive and cut short. Pure; used by `dates`.

Source: the locale data of WordPress's language packs and of Unicode CLDR (`dates/calendars/gregorian`), read 2026-11-24.
Where two languages mean different months by one name (Croatian `listopad` is October, Czech and Polish November),
the one with more writers wins.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_NAMES: Final = (
    "jan january januar januari janner janv janvier janeiro jaanuar ene enero gen gennaio gener sty styczen stycznia "
    "leden ledna led januara ianuarie oca ocak tammi tammikuu tammikuuta янв январь января січ січень січня",
    "feb february februar februari feber fevr fev fevrier febrero fevereiro febbraio febrer luty lutego lut unor unora uno "
    "februara februarie sub subat helmi helmikuu helmikuuta фев февр февраль февраля лют лютий лютого",
    "mar march marz maerz mrz mars marzo marco marc maart mrt marts marzec marca brezen brezna bre marec martie mart "
    "maalis maaliskuu maaliskuuta мар март марта бер березень березня",
    "apr april avr avril abr abril aprile kwiecien kwietnia kwi duben dubna dub aprila aprilie nis nisan huhti huhtikuu "
    "huhtikuuta апр апрель апреля кві квітень квітня",
    "may mai mei maj maja mayo maio mag maggio maig kveten kvetna kve maja mayis touko toukokuu toukokuuta май мая тра "
    "травень травня",
    "jun june juni juin junio junho giu giugno juny czerwiec czerwca cze cerven cervna cvn juna iunie haz haziran kesa "
    "kesakuu kesakuuta июн июнь июня чер червень червня",
    "jul july juli juil juillet julio julho lug luglio juliol lipiec lipca lip cervenec cervence cvc jula iulie tem temmuz "
    "heina heinakuu heinakuuta июл июль июля липень липня",
    "aug august aout agosto ago augustus augusti agost sierpien sierpnia sie srpen srpna srp augusta agu agustos elo "
    "elokuu elokuuta авг август августа сер серпень серпня",
    "sep sept september septembre septiembre setiembre setembro set sett settembre setembre wrzesien wrzesnia wrz zari zar "
    "septembra septembrie eyl eylul syys syyskuu syyskuuta сен сент сентябрь сентября вер вересень вересня",
    "oct october okt oktober octobre octubre outubro out ott ottobre pazdziernik pazdziernika paz rijen rijna rij oktobra "
    "octombrie eki ekim loka lokakuu lokakuuta окт октябрь октября жов жовтень жовтня",
    "nov november novembre noviembre novembro listopad listopada listopadu lis novembra noiembrie kas kasim marras "
    "marraskuu marraskuuta ноя нояб ноябрь ноября",
    "dec december dez dezember decembre diciembre dic dezembro dicembre desembre des desember grudzien grudnia gru prosinec "
    "prosince pro decembra decembrie ara aralik joulu joulukuu joulukuuta дек декабрь декабря гру грудень грудня",
)
"""January first; without accents, because some blogs lose them."""


def _bare(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i").replace("ł", "l"))
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


_MONTHS: Final = {_bare(name): number for number, names in enumerate(_NAMES, 1) for name in names.split()}


def month_of(name: str) -> int:
    """
    1 to 12; 0 where the name is none of a month. Case, accents and a full stop at the end make no difference.
    """
    name = name.removesuffix(".")
    return _MONTHS.get(name.casefold()) or _MONTHS.get(_bare(name), 0)
