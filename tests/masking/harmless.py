"""
Lines in which nobody is: prices, dates, hours, buildings, code, numbers that only look like somebody's; and the organisation's own names.

Used by `lines`. Sources of the forms: ISO 4217 and CLDR number and date patterns as the languages write them; ISBN and EAN check digits (ISO 2108,
GS1 General Specifications); RFC 5737 and 3849 (IP addresses for documents); RFC 9562 (UUID); npm's and PyPI's writing of packages;
Canadian, French, German, Spanish and Polish ways to cite a law; postal addresses in each country's form (UPU S42).

Numbers of the lengths of an identity number fail every check digit of `numbers`, and libphonenumber does not call them valid in Canada: by those two
nobody could tell them from a person's, and a masker that takes what passes is right to. Left out because they are written as people's
handles and mailboxes are: `@property`, `@media`, `git@github.com:…`, and "look at NAME dot com".
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

import phonenumbers

from tests.masking.invented import digits
from tests.masking.languages import LANGUAGES
from tests.masking.numbers import DNI_LETTERS, drawn, elfproef, luhn, mod_97

Maker = Callable[[random.Random, str], str]

OWN_HANDLES: Final = (
    "@cityofexample",
    "cityofexample@social.example",
    "@cityofexample.bsky.social",
    "info@city.example",
    "@ville_exemple",
)
"""What the organisation is called in every line: accounts and a mailbox."""

_PLACE: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = {
    # prices, dates, hours, public buildings; n is 1 to 9, nn 10 to 28, nnn 100 to 999
    "en": (("${n}.{nn}", "CA${nn}.99", "£{nnn}", "${n},{nnn}.00", "US$ {nn}M", "{nn}¢", "${nnn}K"), ("November {nn}, 2026", "2026-11-{nn}", "{nn}/11/2026", "Nov. {nn}", "{nn} November"), ("Mon–Fri {n}:00–17:30", "open {n} a.m. to {n}:30 p.m.", "{nn}:00-22:00", "9-5"), ("1 Sir Winston Churchill Square, Edmonton, AB T5J 2R7", "{nnn}0 – {nn}4 Avenue NW, Edmonton AB T6G 2E8", "10 Downing Street, London SW1A 2AA", "{nnn}1 Main St, Springfield, IL 627{nn}")),
    "fr": (("{n},{nn} $", "{nn} €", "{n} {nnn},00 €", "{nnn} $ CA", "{n}€{nn}"), ("le {nn} novembre 2026", "{nn}/11/2026", "{nn}-11-2026", "jeudi {nn}"), ("de {n}h à 17h30", "{n} h 30 – {nn} h", "ouvert {n}h-12h / 13h30-18h"), ("{nn}, place de l'Hôtel-de-Ville, 75004 Paris", "{nnn}, rue Notre-Dame Est, Montréal (Québec) H2Y 1C6", "{n} bis, rue de la Mairie, 69{nnn} Lyon")),
    "es": (("{n},{nn} €", "{nnn} €", "$ {n}.{nnn}", "{nn} pesos"), ("el {nn} de noviembre de 2026", "{nn}/11/26", "{nn}.11.2026"), ("de {n} a 14 h y de 17 a 20:30", "L-V {n}:00–15:00"), ("Plaza de la Villa, {n}, 28005 Madrid", "Calle Mayor {nnn}, 08{nnn} Barcelona")),
    "de": (("{n},{nn} €", "{n}.{nnn},00 €", "EUR {nnn}", "{nnn},- €", "CHF {nn}.50"), ("am {nn}.11.2026", "{nn}. November", "Do, {nn}.11."), ("Mo–Fr {n}:00–17:30 Uhr", "{n}–12 und 14–18 Uhr", "ab {nn} Uhr"), ("Platz der Republik 1, 11011 Berlin", "Rathausplatz {n}, 90{nnn} Nürnberg", "Marienplatz {n}a, 80331 München")),
    "pl": (("{n},{nn} zł", "{nnn} PLN", "{n} {nnn} zł"), ("{nn} listopada 2026 r.", "{nn}.11.2026"), ("pn.–pt. {n}.00–17.30", "w godz. {n}:00–15:00"), ("ul. Wiejska {n}, 00-902 Warszawa", "pl. Wszystkich Świętych 3-4, 31-004 Kraków")),
    "uk": (("{nnn} грн", "{n} {nnn},50 ₴", "{nn} гривень"), ("{nn} листопада 2026 року", "{nn}.11.2026"), ("з {n}:00 до 17:30", "пн–пт {n}:00–18:00"), ("вул. Хрещатик, {nn}, Київ, 01044", "пл. Ринок, {n}, Львів, 79008")),
    "el": (("{n},{nn} €", "{nnn} ευρώ"), ("{nn} Νοεμβρίου 2026", "{nn}/11/2026"), ("Δευ–Παρ {n}:00–17:30", "{n} π.μ. – 5 μ.μ."), ("Αθηνάς {nn}, 105 51 Αθήνα", "Πλατεία Συντάγματος {n}, 105 63 Αθήνα")),
    "ar": (("{nnn} دولار", "٥٠ ريالا", "{n}.{nn} د.إ"), ("{nn} نوفمبر 2026", "٢٥/١١/٢٠٢٦", "2026/11/{nn}"), ("من {n}:00 إلى 17:30", "من ٩ صباحا إلى ٥ مساء"), ("{nn} شارع النيل، القاهرة 11511", "شارع الملك فهد {nnn}، الرياض 12{nnn}")),
    "he": (("{nnn} ₪", '{n},{nnn} ש"ח'), ("{nn} בנובמבר 2026", "{nn}.11.2026"), ("א׳–ה׳ {n}:00–17:30", "בין {n}:00 ל-16:00"), ("אבן גבירול {nn}, תל אביב 6416{nn}", "כיכר ספרא {n}, ירושלים 9414190")),
    "hi": (("₹{n},{nnn}", "{nnn} रुपये", "₹१,५००"), ("{nn} नवंबर 2026", "{nn}-11-2026"), ("सुबह {n} से शाम 5:30 बजे", "{n}:00–17:30"), ("{nn}, संसद मार्ग, नई दिल्ली 110001", "महात्मा गांधी रोड {n}, मुंबई 400001")),
    "zh": (("¥{nnn}", "{nnn}元", "人民币{n},{nnn}.00元", "{n}.5万"), ("2026年11月{nn}日", "11月{nn}号", "2026/11/{nn}"), ("上午{n}:00至下午5:30", "周一至周五{n}点—17点"), ("北京市西城区文津街{n}号 100034", "上海市人民大道{nnn}号，邮编200003")),
    "ja": (("{n},{nnn}円", "¥{nnn}", "{nn}万円"), ("2026年11月{nn}日（水）", "令和8年11月{nn}日"), ("午前{n}時から午後5時30分", "{n}:00〜17:30"), ("〒163-8001 東京都新宿区西新宿2-8-1", "〒100-0014 千代田区永田町1-{n}-1")),
    "ko": (("{n},{nnn}원", "₩{nn},000", "{nn}만 원"), ("2026년 11월 {nn}일", "2026.11.{nn}."), ("오전 {n}시부터 오후 5시 30분", "{n}:00~17:30"), ("서울특별시 중구 세종대로 110 (04524)", "부산광역시 연제구 중앙대로 {nnn}1")),
    "th": (("{nnn} บาท", "฿{n},{nnn}", "๕๐ บาท"), ("{nn} พฤศจิกายน 2569", "๒๕ พ.ย. ๒๕๖๙"), ("เวลา {n}.00–17.30 น.", "{n} โมงเช้าถึง 5 โมงเย็น"), ("{nnn} ถนนดินสอ กรุงเทพฯ 10200", "{n}/{nn} ถนนราชดำเนิน พระนคร 10200")),
    "vi": (("{nnn}.000 đ", "{n} triệu đồng", "{nn}.000 VND"), ("ngày {nn} tháng 11 năm 2026", "{nn}/11/2026"), ("từ {n}h đến 17h30", "thứ 2–6, {n}:00–17:00"), ("{nn} Lê Thánh Tôn, Quận 1, TP.HCM 700000", "số {n} Hoàng Diệu, Hà Nội 100000")),
    "crk": (("${n}.{nn}", "${nnn}"), ("2026-11-{nn}", "{nn}/11/2026"), ("{n}:00–17:30", "{nn}:00"), ("{nnn}0 – {nn}4 Avenue NW, Edmonton AB T6G 2E8", "ᐊᒥᐢᑲᐧᒌᐋᐧᐢᑲᐦᐃᑲᐣ T5J 2R7")),
    "iu": (("${n}.{nn}", "${nnn}"), ("2026-11-{nn}", "{nn}/11/2026"), ("{n}:00–17:30", "{nn}:00"), ("{nnn} Queen Elizabeth Way, Iqaluit, NU X0A 0H0", "ᐃᖃᓗᐃᑦ X0A 3H0")),
}  # fmt: skip


def _filled(chance: random.Random, form: str) -> str:
    return form.format(n=chance.randint(1, 9), nn=chance.randint(10, 28), nnn=chance.randint(100, 999))


def _in_sentence(chance: random.Random, language: str, words: str) -> str:
    return chance.choice(LANGUAGES[language].see).format(words)


def _of_place(column: int) -> Maker:
    def say(chance: random.Random, language: str) -> str:
        return _in_sentence(chance, language, _filled(chance, chance.choice(_PLACE[language][column])))

    return say


def _one_of(*forms: str) -> Maker:
    """One of the forms in a sentence; `a` to `d` are 1, 2, 3 and 4 drawn digits, the first not 0."""

    def say(chance: random.Random, language: str) -> str:
        filled = chance.choice(forms)
        for sign, count in (("‹a›", 1), ("‹b›", 2), ("‹c›", 3), ("‹d›", 4)):
            while sign in filled:
                filled = filled.replace(sign, digits(chance, count), 1)
        return _in_sentence(chance, language, filled)

    return say


def is_somebodys(number: str) -> bool:
    """Whether a run of digits could be an identity number, a card or a telephone number."""
    if luhn(number) or elfproef(number.zfill(9)):
        return True
    if len(number) == 15 and 97 - int(number[:13]) % 97 == int(number[13:]):
        return True
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "CA"))
    except phonenumbers.NumberParseException:
        return False


def not_somebodys(chance: random.Random, count: int) -> str:
    """A run of digits that is nobody's."""
    while True:
        number = digits(chance, count)
        if not is_somebodys(number):
            return number


def _failing_number(chance: random.Random, language: str) -> str:
    """Nine to nineteen digits, together or in the groups of SIN, BSN, NIR and cards, that fail every check."""
    count, sizes = chance.choice(
        (
            (9, (3, 3, 3)),
            (9, (4, 2, 3)),
            (15, (1, 2, 2, 2, 3, 3, 2)),
            (16, (4, 4, 4, 4)),
            (15, (4, 6, 5)),
            (14, (4, 6, 4)),
            (13, (13,)),
            (12, (4, 4, 4)),
            (19, (19,)),
        )
    )
    number, parts = not_somebodys(chance, count), []
    rest = number
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    return _in_sentence(chance, language, chance.choice(("", " ", "-")).join(parts))


def _failing_letters(chance: random.Random, language: str) -> str:
    """DNI, NIE and IBAN with a wrong check."""
    digits_8 = not_somebodys(chance, 8)
    wrong = DNI_LETTERS[(int(digits_8) + chance.randint(1, 22)) % 23]
    digits_7 = not_somebodys(chance, 7)
    false = DNI_LETTERS[(int(digits_7) + chance.randint(1, 22)) % 23]
    while True:
        account = drawn(chance, 18)
        iban = f"DE{chance.randint(2, 98):02}{account}"
        if mod_97(f"{account}{iban[:4]}") != 1:
            break
    return _in_sentence(
        chance,
        language,
        chance.choice(
            (
                f"{digits_8}{wrong}",
                f"{digits_8}-{wrong}",
                f"X{digits_7}{false}",
                iban,
                " ".join(iban[at : at + 4] for at in range(0, 22, 4)),
            )
        ),
    )


def _isbn(chance: random.Random, language: str) -> str:
    if chance.random() < 0.5:
        body = chance.choice(("978", "979")) + chance.choice("0123456789") + drawn(chance, 8)
        check = -sum(int(sign) * (3 if at % 2 else 1) for at, sign in enumerate(body)) % 10
        written = chance.choice(
            (
                f"{body}{check}",
                f"{body[:3]}-{body[3]}-{body[4:8]}-{body[8:]}-{check}",
                f"{body[:3]} {body[3]} {body[4:6]} {body[6:]} {check}",
            )
        )
    else:
        body = chance.choice("0123") + drawn(chance, 8)
        check = sum((at + 1) * int(sign) for at, sign in enumerate(body)) % 11
        last = "X" if check == 10 else str(check)
        written = chance.choice((f"{body}{last}", f"{body[0]}-{body[1:4]}-{body[4:]}-{last}"))
    return _in_sentence(chance, language, f"ISBN {written}")


def _uuid(chance: random.Random, language: str) -> str:
    hexed = "".join(chance.choice("0123456789abcdef") for _ in range(64))
    written = chance.choice(
        (
            f"{hexed[:8]}-{hexed[8:12]}-4{hexed[12:15]}-8{hexed[15:18]}-{hexed[18:30]}",
            hexed[:40],
            hexed[:7],
            f"sha256:{hexed}",
            f"0x{hexed[:8].upper()}",
        )
    )
    return _in_sentence(chance, language, written)


def _ip(chance: random.Random, language: str) -> str:
    last = chance.randint(1, 254)
    written = chance.choice(
        (
            f"192.0.2.{last}",
            f"198.51.100.{last}",
            f"203.0.113.{last}",
            f"10.{last}.0.{last}",
            f"192.168.{last}.{last}:8080",
            f"203.0.113.{last}/28",
            "2001:db8::8a2e:370:7334",
            f"[2001:db8:85a3::{last}]:443",
            "::1",
        )
    )
    return _in_sentence(chance, language, written)


_SIGNS_IN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "dot your i's at the end",
        "at this point a dot appears",
        "we met at the polka dot cafe",
        "at noon on the dot, comrades",
    ),
    "fr": (
        "on mange chez le maire, point final",
        "chez nous, un point c'est tout",
        "à quel point, chez qui et quand",
    ),
    "es": ("una arroba de patatas, y punto", "a las nueve en punto", "compró dos arrobas en este punto"),
    "de": ("Punkt neun am Rathaus", "der springende Punkt ist, wo der Klammeraffe turnt", "Punkt für Punkt"),
    "pl": ("małpa uciekła z zoo, kropka", "kropka nad i", "postawił kropkę"),
    "uk": ("собака біля річки, крапка", "повзе равлик, і крапка"),
    "el": ("τελεία και παύλα", "ένα παπάκι στο ποτάμι, τελεία"),
    "ar": ("نلتقي في نقطة الحديقة", "هذه نقطة مهمة في الاجتماع"),
    "he": ("אכלנו שטרודל, נקודה", "נקודה טובה בדיון"),
    "hi": ("पूरे ओवर में एक डॉट बॉल", "एट होम कार्यक्रम"),
    "zh": ("下午三点开会", "有点晚，两点十分再见", "他说了一点意见"),
    "ja": ("ドット柄の傘", "アットホームな会でした"),
    "ko": ("점심에 골뱅이 무침", "좋은 점 하나"),
    "th": ("จุดนัดพบหน้าศาลากลาง", "มาถึงจุดนี้"),
    "vi": ("cô giáo chấm bài", "nước chấm ngon"),
}
"""The words in which people hide the signs of a mailbox, where they hide none; English ones where a language has none here."""


def _signs_in_words(chance: random.Random, language: str) -> str:
    return chance.choice(_SIGNS_IN_WORDS.get(language, _SIGNS_IN_WORDS["en"]))


def _failing_product(chance: random.Random, language: str) -> str:
    written = chance.choice(("SKU {}", "EAN {}", "№ {}", "art. {}", "LOT-{}", "S/N {}")).format(
        not_somebodys(chance, chance.choice((6, 8, 12, 13)))
    )
    return _in_sentence(chance, language, written)


CLEAN: Final[Mapping[str, Maker]] = {
    "prices": _of_place(0),
    "dates": _of_place(1),
    "hours of opening": _of_place(2),
    "public buildings": _of_place(3),
    "prices with a code": _one_of("‹a›.‹b› CAD", "€‹c›.‹b›", "EUR ‹a›.‹c›,‹b›", "‹a› ‹c› kr", "US$‹a›,‹c›,‹c›", "‹b› 000 FCFA", "Rs. ‹a›,‹b›,‹c›", "‹c›.‹c›.‹c› đ", "R$ ‹a›.‹c›,‹b›", "฿‹c›", "₿0.00‹d›", "¥‹b›,‹c›"),
    "times": _one_of("1‹a›:30", "0‹a›:15:‹b›", "‹a›:45 pm", "T-00:05:‹b›", "2026-11-25T1‹a›:02:03Z", "1‹a›:00–1‹a›:30 UTC", "‹a›h", "1732‹c›‹c›", "2026-11-25 1‹a›:00:00.123456", "24/7"),
    "at a time or a price": _one_of("@ ‹a›pm", "@ ‹a›:30", "@‹a›.50$", "‹b› @ $‹a›", "@ ‹b›h‹b›", "‹a› kg @ ‹a›.99/kg", "@ noon", "@ €‹b›", "@ 100%", "@‹b›%", "1080p@60fps", "3.2GHz @ 1.‹b›V", "‹b›@‹a›"),
    "dot com in words": _one_of("meet at the corner dot com bubble", "the dot com boom at the turn of the century", "dot your i's at the end", "connect the dots at home", "we arrived at noon. Dot was late", "find us at example.com", "more at www.example.org/pool", "the dot-com crash of 2000", "point at the dot on the map"),
    "signs' words in sentences": _signs_in_words,
    "hashtags": _one_of("#yeg", "#RiverValley2026", "#COP‹b›", "#1", "#каналізація", "#水曜日", "#LRT_line", "#‹d›", "#yegcc,#abpoli", "#ñandú", "#สวัสดี", "##"),
    "packages": _one_of("@types/node", "@babel/core@7.‹b›.0", "npm i react@18.‹a›.1", "pkg@1.2.‹a›", "@angular/cli", "lodash@^4.17.‹b›", "python@3.1‹a›", "ruby/setup-ruby@v1", "actions/checkout@v4", "pip install httpx==0.2‹a›.0", "golang.org/x/text@v0.‹b›.0", "https://www.npmjs.com/package/@types/node"),
    "versions": _one_of("v1.2.‹a›", "2.0.0-rc.‹a›", "iOS 1‹a›.‹a›.1", "Firefox 1‹b›.0.2", "Ubuntu 24.04.‹a› LTS", "1.0.0+2026.11.25", "build ‹c›.‹a›.‹d›.‹b›", "HTTP/1.1", "C++20", "USB 3.2"),
    "code": _one_of("for i in range(‹b›): print(i)", "SELECT * FROM t WHERE id = ‹b›;", "docker run -p 80‹b›:80 nginx:1.2‹a›", "a[i] = b[‹a›] + 3.14", "#include <stdio.h>", "if (x >= ‹c›) { return y ** 2; }", "chmod 0644 /etc/hosts", "x ^= 0xFF << ‹a›", "rgb(255, ‹c›, 0)", "#ff00‹b›", "curl -s localhost:8080/health", "git log --oneline -‹b›", "std::vector<int> v(‹b›);", "s/‹a›/b/g"),
    "hashes and UUIDs": _uuid,
    "coordinates": _one_of("53.5‹d›, -113.4‹d›", "53°32'‹b›\"N 113°29'‹b›\"W", "N 53° 32.‹c›', W 113° 29.‹c›'", "45.50‹b›° N, 73.56‹b›° W", "geo:53.5‹c›,-113.4‹c›", "UTM 12U 333‹c› 5934‹c›", "48,85‹b› 2,35‹b›"),
    "buses and rooms": _one_of("route ‹a›, stop ‹d›", "bus ‹b›/‹c›", "Linie U‹a›, Gleis ‹b›", "M‹a› → ‹b›", "ligne ‹c› aux ‹b› min", "room B-‹c›", "gate ‹b›A", "platform 9¾", "highway ‹a›01", "A‹a›-‹b›"),
    "laws": _one_of("RSA 2000, c M-‹b›", "§ ‹b› Abs. ‹a› Satz 1 GG", "art. ‹a›(1)(b)", "Bylaw ‹d›0", "L.R.Q., chapitre C-‹b›.1", "SOR/2018-‹b›", "2016/679/EU", "Ley 39/2015, art. ‹b›.‹a›", "Dz.U. 2026 poz. ‹d›", "loi n° 2026-‹c›", "18 U.S.C. § ‹d›", "RFC ‹d›", "ISO 9001:2015"),
    "file numbers": _one_of("file 2026-00‹d›", "LDA‹b›-0‹c›", "Case No. 1:21-cv-0‹d›", "dossier 500-17-09‹d›-‹c›", "Az. ‹a› K ‹d›/26", "ref. ABC/‹d›/‹b›", "ticket #‹d›‹b›", "permit ‹c›‹c›-002", "311-‹d›‹b›"),
    "ISBN": _isbn,
    "IP addresses": _ip,
    "scores": _one_of("‹a›–‹a›", "‹a›:‹a› n.V.", "6-‹a›, 7-6(‹a›), 6-3", "1‹b›-1‹b›", "‹a›/10", "4-3-3", "‹b› W ‹b› L", "2½–1½"),
    "percentages and measures": _one_of("‹b›.‹a› %", "+‹b›,‹a› %", "-‹b› °C", "‹c› km²", "‹d› kWh", "‹a›.‹c›.‹c› personas", "‹b› ‹c› ‹c› people", "±0.‹b›", "1:25 000", "‹c›x‹c›", "‹a›×10⁶", "‹a›½ cups", "‹b›–‹b› mm"),
    "product codes": _failing_product,
    "numbers that fail their check": _failing_number,
    "letters and digits that fail their check": _failing_letters,
    "emoji": _one_of("🎉🎉 @ 🏟️", "👨‍👩‍👧‍👦", "1️⃣2️⃣3️⃣", "🇨🇦❤️", "👍🏽👍🏽", "(╯°□°)╯︵ ┻━┻", "¯\\_(ツ)_/¯", ":-)", "<3", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☎️ 🚫", "📧?", "@ @ @", "@!"),
    "addresses of pages": _one_of("https://www.city.example/en/roads?id=‹d›", "https://blog.example.org/2026/11/‹b›/river-valley/", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ", "https://x.com/i/web/status/18‹d›‹d›‹d›‹c›", "https://www.instagram.com/p/C‹d›abcde/", "https://www.facebook.com/events/‹d›‹d›‹d›/", "https://x.com/search?q=%23yeg", "https://www.reddit.com/r/Edmonton/comments/1abc‹b›/river_valley/", "https://en.wikipedia.org/wiki/Dot-com_bubble", "https://social.example/tags/river", "https://bsky.app/hashtag/yeg", "https://imgur.com/a/A‹a›bC‹b›e", "https://www.city.example/accounts/pay", "https://news.example.com/c/sports", "https://www.city.example/u/", "https://shop.example.com/by/size", "https://news.example.com/story/opinion/contributors/20‹b›/09/01/river-valley/715‹d›/", "https://news.example.com/author/2026/11/‹b›/"),
}  # fmt: skip

OWN: Final[Mapping[str, Maker]] = {
    "own handles": _one_of("@cityofexample", "@CityOfExample", "@cityofexample@social.example", "@cityofexample.bsky.social", ".@cityofexample", "(@ville_exemple)", "@cityofexample:", "@cityofexample’s"),
    "own mailbox": _one_of("info@city.example", "Info@City.example", "mailto:info@city.example", "<info@city.example>"),
    "own profiles": _one_of("https://x.com/cityofexample", "x.com/CityOfExample", "https://social.example/@cityofexample", "https://bsky.app/profile/cityofexample.bsky.social", "https://www.youtube.com/@cityofexample", "https://www.instagram.com/ville_exemple/", "https://x.com/cityofexample/status/18‹d›‹d›‹d›‹c›"),
}  # fmt: skip
