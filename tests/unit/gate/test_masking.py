"""
What masking takes away and what it leaves, row by row. Everybody here is invented; hosts are reserved names
(RFC 2606) or the networks' own, telephone numbers are patterns or lie in ranges kept for fiction.
"""

from __future__ import annotations

import pytest

from listener.events import Author
from listener.gate import mask
from listener.gate.redact import folded_handles

OWN = folded_handles(("@CityOfEx", "@city@social.example", "hello@city.example", "city.bsky.social"))
MIRA = Author(
    (
        "Mira Quill 🌸 (she/her)",
        "@miraq@social.example",
        "https://social.example/@miraq",
        "mira.q@mail.example",
        "4400112233",
    )
)

HANDLES = [
    ("en", "thanks @bob for the photo", "thanks ‹@› for the photo"),
    ("en", "RT @bob: the bridge is open", "RT ‹@›: the bridge is open"),
    ("en", ".@bob look", ".‹@› look"),
    ("en", "@bob @eve_99 @cityofex snow!", "‹@› ‹@› @cityofex snow!"),
    ("en", "ask @CITYOFEX, not @CityOfEx2", "ask @CITYOFEX, not ‹@›"),
    ("en", "@bob@social.example wrote, @city@social.example answered", "‹@› wrote, @city@social.example answered"),
    ("en", "@city@elsewhere.example is somebody else", "‹@› is somebody else"),
    ("en", "hi @bob.bsky.social and @city.bsky.social", "hi ‹@› and @city.bsky.social"),
    ("en", "(@bob)", "(‹@›)"),
    ("en", '"@bob"', '"‹@›"'),
    ("en", "`@bob`", "`‹@›`"),
    ("en", "@bob's bike", "‹@›'s bike"),
    ("en", "cc:@bob/@eve", "cc:‹@›/‹@›"),
    ("en", "@bob/docs says so", "‹@›/docs says so"),
    ("en", "full width ＠ｂｏｂ here", "full width ‹@› here"),
    ("en", "small ﹫bob here", "small ‹@› here"),
    ("en", "hidden @b\u200bo\u200db here", "hidden ‹@› here"),
    ("en", "bold @𝐛𝐨𝐛 here", "bold ‹@› here"),
    ("en", "soft @bo\u00adb here", "soft ‹@› here"),
    ("en", "did:plc:z72i7hdynmk6r22z27h6tvur posted", "‹@› posted"),
    ("en", "nostr:npub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "nostr:‹@›"),
    ("en", "via @bob-e.", "via ‹@›."),
    ("en", "@12345678 is a user", "‹@› is a user"),
    ("en", "!@bob?", "!‹@›?"),
    ("en", "posted by u/bob_e9 and /u/eve-9, on r/snow", "posted by ‹@› and ‹@›, on r/snow"),
    ("fr", "merci @rené pour la photo", "merci ‹@› pour la photo"),
    ("fr", "merci à @zoé_b, à bientôt", "merci à ‹@›, à bientôt"),
    ("de", "danke @jörg für das Foto", "danke ‹@› für das Foto"),
    ("es", "gracias @ñandu por la foto", "gracias ‹@› por la foto"),
    ("pl", "dzięki @łucja za zdjęcie", "dzięki ‹@› za zdjęcie"),
    ("tr", "teşekkürler @ışık", "teşekkürler ‹@›"),
    ("ru", "спасибо @алиса за фото", "спасибо ‹@› за фото"),
    ("uk", "дякую @єва за світлину", "дякую ‹@› за світлину"),
    ("el", "ευχαριστώ @νίκος", "ευχαριστώ ‹@›"),
    ("ar", "شكرا @سارة على الصورة", "شكرا ‹@› على الصورة"),
    ("he", "תודה @דנה על התמונה", "תודה ‹@› על התמונה"),
    ("fa", "ممنون @مینا از عکس", "ممنون ‹@› از عکس"),
    ("hi", "धन्यवाद @मीरा फोटो के लिए", "धन्यवाद ‹@› फोटो के लिए"),
    ("zh", "谢谢@bob的照片", "谢谢‹@›的照片"),
    ("zh", "谢谢 @李明 的照片", "谢谢 ‹@› 的照片"),
    ("ja", "詳細は@bobさんへ", "詳細は‹@›さんへ"),
    ("ja", "＠bob ありがとう", "‹@› ありがとう"),
    ("ko", "고마워 @bob님", "고마워 ‹@›님"),
    ("th", "ขอบคุณ@bobมาก", "ขอบคุณ‹@›มาก"),
]  # fmt: skip

MAIL = [
    ("en", "write to bob.e+news@example.com today", "write to ‹✉› today"),
    ("en", "write to hello@city.example or bob@city.example", "write to hello@city.example or ‹✉›"),
    ("en", "mailto:bob@example.com?subject=snow", "mailto:‹✉›?subject=snow"),
    ("en", "<bob@example.com>", "<‹✉›>"),
    ("en", "bob@example.com.", "‹✉›."),
    ("en", "bob@sub.mail.example.co.uk!", "‹✉›!"),
    ("en", "'bob@example.com'", "'‹✉›'"),
    ("en", '"bob e"@example.com', "‹✉›"),
    ("en", "bob@[192.0.2.7] works", "‹✉› works"),
    ("en", "bob@intranet", "‹✉›"),
    ("en", "bob@163.com", "‹✉›"),
    ("en", "bob at example dot com", "‹✉›"),
    ("en", "dot: bob at example dot com", "dot: ‹✉›"),
    ("en", "BOB AT EXAMPLE DOT COM", "‹✉›"),
    ("en", "bob at mail dot example dot org please", "‹✉› please"),
    ("en", "bob [at] example [dot] com", "‹✉›"),
    ("en", "bob(at)example(dot)com", "‹✉›"),
    ("en", "bob {at} example.com", "‹✉›"),
    ("en", "bob[@]example.com", "‹✉›"),
    ("en", "bob@example dot com", "‹✉›"),
    ("en", "bob@example[.]com", "‹✉›"),
    ("en", "bob @ example.com", "‹✉›"),
    ("en", "bob@ example.com", "‹✉›"),
    ("en", "bob at gmail.com", "‹✉›"),
    ("en", "ｂｏｂ＠ｅｘａｍｐｌｅ．ｃｏｍ", "‹✉›"),
    ("en", "b\u200bob@exam\u200cple.c\u2060om", "‹✉›"),
    ("en", "https://city.example/unsubscribe?id=bob@example.com&x=1", "https://city.example/unsubscribe?id=‹✉›&x=1"),
    ("en", "bob@example.com,eve@example.org", "‹✉›,‹✉›"),
    ("en", "bob@example.com@eve", "‹✉›‹@›"),
    ("en", "mailto:bob%40example.com", "mailto:‹✉›"),
    ("en", "bob[dot]e[at]example[dot]photography", "‹✉›"),
    ("en", "bob dot e at example dot photography now", "‹✉› now"),
    ("en", "see the dot bob.e@example.com", "see the dot ‹✉›"),
    ("en", "bob_at_example_dot_com", "‹✉›"),
    ("en", "bob-at-example.com", "‹✉›"),
    ("en", "bob-@-example.com", "‹✉›"),
    ("en", "bob.e【at】example【dot】com", "‹✉›"),
    ("en", "bob@4you dot example", "‹✉›"),
    ("en", "bob@4you。example", "‹✉›"),
    ("fr", "bob chez exemple point ca", "‹✉›"),
    ("fr", "écrivez à zoé.b@exemple.example svp", "écrivez à ‹✉› svp"),
    ("fr", "zoe arobase exemple point fr", "‹✉›"),
    ("de", "jörg@bücher.example bitte", "‹✉› bitte"),
    ("de", "jörg [ät] beispiel [punkt] de", "‹✉›"),
    ("es", "eva arroba ejemplo punto es", "‹✉›"),
    ("it", "eva chiocciola esempio punto it", "‹✉›"),
    ("pt", "eva arroba exemplo ponto br", "‹✉›"),
    ("pl", "ewa małpa example kropka com", "‹✉›"),
    ("cs", "eva zavináč example tečka cz", "‹✉›"),
    ("vi", "eva a còng example chấm com", "‹✉›"),
    ("el", "eva παπάκι example τελεία com", "‹✉›"),
    ("he", "eva שטרודל example נקודה com", "‹✉›"),
    ("ar", "eva في example نقطة com", "‹✉›"),
    ("hi", "eva एट example डॉट com", "‹✉›"),
    ("th", "eva แอท example จุด com", "‹✉›"),
    ("ko", "eva 골뱅이 example 닷 com", "‹✉›"),
    ("ru", "пишите иван@почта.рф сейчас", "пишите ‹✉› сейчас"),
    ("ru", "ivan собака example точка ru", "‹✉›"),
    ("zh", "联系bob@example.com谢谢", "联系‹✉›谢谢"),
    ("zh", "邮箱 用户@例子.公司 谢谢", "邮箱 ‹✉› 谢谢"),
    ("ja", "bob＠example。com まで", "‹✉› まで"),
    ("ja", "連絡はbob@example.comまで", "連絡は‹✉›まで"),
    ("ko", "bob@example.com로 연락", "‹✉›로 연락"),
    ("ar", "راسلوا bob@example.com اليوم", "راسلوا ‹✉› اليوم"),
    ("hi", "ईमेल मीरा@उदाहरण.भारत पर", "ईमेल ‹✉› पर"),
]  # fmt: skip

PHONES = [
    ("CA", "call 403-555-0123 now", "call ‹☎› now"),
    ("CA", "call (403) 555-0123 now", "call ‹☎› now"),
    ("CA", "call 403.555.0123 now", "call ‹☎› now"),
    ("CA", "call 4035550123 now", "call ‹☎› now"),
    ("CA", "call +1 403 555 0123 ext. 7 now", "call ‹☎› now"),
    ("CA", "tel:+14035550123", "tel:‹☎›"),
    ("CA", "ｃａｌｌ ４０３−５５５−０１２３", "ｃａｌｌ ‹☎›"),
    ("CA", "403-555-0123/587-555-0199", "‹☎›/‹☎›"),
    ("CA", "call +61.412.317.838 or (+55) 11.96121.0130", "call ‹☎› or ‹☎›"),
    ("CA", "call +34 612.32.90.55 or +82 10-2001-7911", "call ‹☎› or ‹☎›"),
    ("CA", "call +82 10-2001-1978, open 2001-2005", "call ‹☎›, open 2001-2005"),
    ("CA", "ISBN 3-142-61927-5, then 403-555-0123", "ISBN 3-142-61927-5, then ‹☎›"),
    ("FR", "appelez le 01 99 00 12 34 svp", "appelez le ‹☎› svp"),
    ("FR", "appelez le +33 6 12 34 56 78", "appelez le ‹☎›"),
    ("GB", "ring 020 7946 0958", "ring ‹☎›"),
    ("DE", "Tel. 030 23125 123", "Tel. ‹☎›"),
    ("ES", "llama al 612 34 56 78", "llama al ‹☎›"),
    ("IN", "फोन 098765 43210", "फोन ‹☎›"),
    ("JP", "電話03-1234-5678まで", "電話‹☎›まで"),
    ("CN", "电话13800138000", "电话‹☎›"),
    ("RU", "звоните 8 (912) 345-67-89", "звоните ‹☎›"),
    ("EG", "اتصل ٠١٠١٢٣٤٥٦٧٨", "اتصل ‹☎›"),
    ("IL", "חייגו 050-234-5678", "חייגו ‹☎›"),
]

PROFILES = [
    ("see https://twitter.com/bob", "see ‹↗›"),
    ("see https://x.com/bob/status/1780000000000000001?s=20.", "see ‹↗›."),
    ("twitter.com/bob and x.com/cityofex", "‹↗› and x.com/cityofex"),
    ("https://mobile.twitter.com/bob", "‹↗›"),
    ("https://x.com/i/web/status/1780000000000000001", "https://x.com/i/web/status/1780000000000000001"),
    ("https://twitter.com/intent/follow?screen_name=bob", "‹↗›"),
    ("https://social.example/@bob", "‹↗›"),
    ("https://social.example/@bob@other.example/110000000000000001", "‹↗›"),
    ("https://social.example/@city", "https://social.example/@city"),
    ("https://social.example/users/bob/statuses/110000000000000001", "‹↗›"),
    (
        "https://social.example/statuses/110000000000000001",
        "https://social.example/statuses/110000000000000001",
    ),
    ("(https://bsky.app/profile/bob.example/post/3k44deefqdk2h)", "(‹↗›)"),
    ("I am bob.bsky.social there", "I am ‹↗› there"),
    ("https://www.youtube.com/@bob", "‹↗›"),
    ("https://www.youtube.com/channel/UCaaaaaaaaaaaaaaaaaaaaaa", "‹↗›"),
    ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&si=AbCd", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://youtu.be/dQw4w9WgXcQ?si=AbCd&t=4", "https://youtu.be/dQw4w9WgXcQ?t=4"),
    ("https://www.instagram.com/bob.e/", "‹↗›"),
    ("https://www.instagram.com/p/CxAbCdEfGhI/?igsh=1", "https://www.instagram.com/p/CxAbCdEfGhI/"),
    ("https://www.facebook.com/bob.e.9", "‹↗›"),
    ("https://www.facebook.com/events/314159265/", "https://www.facebook.com/events/314159265/"),
    ("https://www.tiktok.com/@bob/video/7300000000000000001", "‹↗›"),
    ("https://www.linkedin.com/in/bob-e", "‹↗›"),
    ("https://www.threads.net/@bob/post/CuXYZ", "‹↗›"),
    ("https://www.reddit.com/user/bob", "‹↗›"),
    (
        "https://www.reddit.com/r/ex/comments/1abcde/snow/",
        "https://www.reddit.com/r/ex/comments/1abcde/snow/",
    ),
    ("https://github.com/bob", "‹↗›"),
    ("https://github.com/example/tool/issues/3", "‹↗›"),
    ("https://gist.github.com/bob/0a1b", "‹↗›"),
    (
        "https://docs.github.com/en/rest and https://github.com/topics",
        "https://docs.github.com/en/rest and https://github.com/topics",
    ),
    ("https://tube.example/a/bob/video-channels", "‹↗›"),
    (
        "https://tube.example/a/bob and https://site.example/accounts/plans",
        "https://tube.example/a/bob and https://site.example/accounts/plans",
    ),
    ("https://news.example/contributors/bob-e/", "‹↗›"),
    (
        "https://news.example/contributors/2015/09/01/snow/",
        "https://news.example/contributors/2015/09/01/snow/",
    ),
    ("https://news.example/author/2015/ https://news.example/author/2015/snow/", "‹↗› ‹↗›"),
    ("https://matrix.to/#/@bob:social.example", "‹↗›"),
    ("https://www.youtube.com/@%E0%A4%A6%E0%A4%BF%E0%A4%A8%E0%A5%87%E0%A4%B6", "‹↗›"),
    ("https://x.com/bob👈", "‹↗›👈"),
    ("_facebook.com/bob.e.9_ or my_facebook.com/bob.e.9", "_‹↗›_ or my_facebook.com/bob.e.9"),
    ("https://www.deviantart.com/bob https://bob.medium.com/snow https://dev.to/bob/snow-1a2", "‹↗› ‹↗› ‹↗›"),
    ("https://www.flickr.com/photos/bob/53000000001/", "‹↗›"),
    ("https://medium.com/@bob/snow-1a2b", "‹↗›"),
    ("https://bob.tumblr.com/post/7", "‹↗›"),
    ("https://blog.example/author/bob/", "‹↗›"),
    ("https://forum.example/u/bob/summary", "‹↗›"),
    ("https://blog.example/?author=7", "‹↗›"),
    ("https://web.archive.org/web/2020/https://twitter.com/bob", "‹↗›"),
    ("https://out.example/?to=https%3A%2F%2Ftwitter.com%2Fbob", "‹↗›"),
    ("https://t.me/bob", "‹↗›"),
    ("https://wa.me/14035550123", "‹↗›"),
    ("‹https://x.com/bob›", "‹‹↗››"),
    ("https://news.example/a?utm_source=x&id=7&fbclid=Iw#c2", "https://news.example/a?id=7#c2"),
    ("https://news.example/a?utm_source=x&utm_medium=y", "https://news.example/a"),
    ("https://news.example/a?id=7&gclid=1", "https://news.example/a?id=7"),
    ("https://bob:secret@news.example/a", "https://news.example/a"),
    ("https://bob@news.example:8443/a", "https://news.example:8443/a"),
    ("https://news.example/a#:~:text=bob", "https://news.example/a"),
    ("https://social.example/@miraq", "‹↗›"),
    ("https://news.example/mira-quill/7", "‹↗›"),
    ("https://news.example/talk-with-mira-quill-7", "‹↗›"),
]

AUTHORS = [
    ("Comment on Snow by Mira Quill", "Comment on Snow by ‹@›"),
    ("By: Mira Quill 🌸 (she/her)", "By: ‹@› 🌸 (she/her)"),
    ("MIRA QUILL was here", "‹@› was here"),
    ("Ｍｉｒａ Ｑｕｉｌｌ was here", "‹@› was here"),
    ("Míra Quíll was here", "‹@› was here"),
    ("Mira\u00a0Quill was here", "‹@› was here"),
    ("Quill, Mira", "‹@›"),
    ("Mira Quill's bike", "‹@›'s bike"),
    ("write mira.q@mail.example", "write ‹✉›"),
    ("I am miraq there", "I am ‹@› there"),
    ("account 4400112233", "account ‹@›"),
    ("#MiraQuill rides", "#‹@› rides"),
    ("#teammiraq rides", "#‹@› rides"),
    ("miraquilla and Samira Quill", "miraquilla and Samira Quill"),
    ("Mira likes snow", "Mira likes snow"),
]

NAMES = [
    ("🐺🐰🐉🐗 🐳🐅", "Snow 🐰 again! Yours, 🐺🐰🐉🐗 🐳🐅", "Snow 🐰 again! Yours, ‹@›"),
    ("👩‍💻", "Mended by a 👩‍💻", "Mended by a 👩‍💻"),
    ("City", "City of Ex clears the snow; the city is slow", "City of Ex clears the snow; the city is slow"),
    ("City", "Comment on Snow by City", "Comment on Snow by ‹@›"),
    ("City", "By: City", "By: ‹@›"),
    ("City", "City", "‹@›"),
    ("City", "Nice work.\n— City", "Nice work.\n— ‹@›"),
    ("Will", "it will snow", "it will snow"),
    ("Al", "al norte, al sur", "al norte, al sur"),
    ("Al", "Commentaire de Al", "Commentaire de ‹@›"),
    ("12", "bus 12 is late", "bus 12 is late"),
    ("1987654", "I am 1987654 there", "I am ‹@› there"),
    ("X", "X is a letter", "X is a letter"),
    ("🌸🌸", "spring 🌸🌸", "spring 🌸🌸"),
    ("City News", "as City News wrote", "as ‹@› wrote"),
    ("José Núñez", "lo dice Jose Nunez", "lo dice ‹@›"),
    ("Zoé Lefèvre", "ZOÉ LEFÈVRE a écrit", "‹@› a écrit"),
    ("Jörg Groß", "JÖRG GROSS schrieb", "‹@› schrieb"),
    ("Işıl Çelik", "IŞIL ÇELİK'in yazısı", "‹@›'in yazısı"),
    ("Ольга Тест", "пишет Ольга Тест.", "пишет ‹@›."),
    ("Νίκος Τεστ", "γράφει ο ΝΊΚΟΣ ΤΕΣΤ", "γράφει ο ‹@›"),
    ("أحمد تجربة", "كتب أحمد تجربة", "كتب ‹@›"),
    ("سارة", "وسارة كتبت", "و‹@› كتبت"),
    ("דנה מבחן", "כתבה דנה מבחן", "כתבה ‹@›"),
    ("मीरा परीक्षा", "मीरा परीक्षा ने लिखा", "‹@› ने लिखा"),
    ("李明明", "李明明说下雪了", "‹@›说下雪了"),
    ("田中 太郎", "田中太郎さんへ", "‹@›さんへ"),
    ("김철수", "김철수가 썼다", "‹@›가 썼다"),
    ("สมชาย", "คุณสมชายเขียน", "คุณ‹@›เขียน"),
    ("bob.e", "as bob.e says, bob eats", "as ‹@› says, bob eats"),
]

UNCHANGED = [
    "Snow on 2024-05-12 at 17:30, again 12.05.2024 and 05/12/2024",
    "2024-05-12T17:30:00Z and 2023-2024 and 9:30-17:00",
    "It costs $1,234,567.00 or 1 234 567 € or 12,50 zł, up 3.5 %",
    "Population 1,306,784; budget CAD 4 100 000 000",
    "Room 4, 800 Macleod Trail SE, T2P 2M5",
    "Bus 403, 404 and 405 leave at 7:15, 7:45",
    "ISBN 978-0-306-40615-7 and 9780306406157",
    "Server 192.0.2.17 and 2001:db8::1",
    "At 51.0447, -114.0719",
    "#yyc #snow2024 #100km ＃雪 #città",
    "#4035550123 is a tag",
    "npm install @angular/core @types/node",
    "import x from '@example/pkg'",
    "yarn add @example/pkg",
    "@example/pkg@2.1.0 is out",
    "react@18.2.0, lodash@^4.17, next@latest",
    "uses: actions/checkout@v4",
    "git clone git@github.com:example/tool.git",
    "https://www.npmjs.com/package/@angular/core",
    "https://unpkg.com/react@18/umd/react.js",
    "https://www.google.com/maps/@51.0447,-114.0719,15z",
    "@Override\npublic void run() {}",
    "@dataclass\nclass Snow:\n    pass",
    "@media (min-width: 40em) { a { color: red } }",
    " * @param depth of the snow",
    "see you @ 7pm, or @7pm, or @19:30",
    "apples @ 2.50, pears @3.20",
    "email me @ the office",
    "a @ b",
    "1080p@60fps, 8 cores @3.2ghz",
    "take 40 u/day, w/u/v",
    "build 207.9.3345.76, file 2026-002252, ISBN 3077681897",
    "staying-at-home, attorney-at-law, end_at_ms, how-to-look-at-stars.html",
    "https://news.example/eat-at-joes.com",
    "je vais chez elle, point final",
    "@",
    "@@ -1,3 +1,4 @@",
    "meet me at city hall at noon",
    "look at the dot com boom",
    "we met at some point in May, back at midway point of the race",
    "be at home point it out",
    "https://64.media.tumblr.com/0b7da663/s500x750/1f.jpg",
    "it was at example.com last year",
    "https://news.example/2024/05/snow-day/#comment-1234567890",
    "https://news.example/4035550123",
    "https://docs.example/users/guide and https://shop.example/user/login",
    "https://calgary.example/users/index.html",
    "and/or, km/h, 24/7, c/o",
    "w/ www. and http://",
    "🚲🌨️ 👩‍👩‍👧 ❤️",
    "می‌خواهم برف ببارد",
    "क्षेत्र में बर्फ",
    "今日は雪です。明日も雪。",
    "오늘 눈이 온다",
    "วันนี้หิมะตก",
    "Сегодня снег, −20 °C",
    "היום יורד שלג",
    "Aujourd’hui il neige : −20 °C…",
    "½ price, ﬁne print, №5",
    "",
    " \n\t ",
    "‹@› ‹✉› ‹☎› ‹↗›",
]


@pytest.mark.parametrize(("language", "text", "expected"), HANDLES + MAIL)
def test_handles_and_mail_are_masked(language: str, text: str, expected: str) -> None:
    """
    In every script, every trick of writing an at sign ends in the same mark, and what belongs to the city stays.
    """
    assert mask(text, author=None, own_handles=OWN, country="CA").text == expected


@pytest.mark.parametrize(("country", "text", "expected"), PHONES)
def test_phones_are_masked(country: str, text: str, expected: str) -> None:
    """
    A number that can be dialled from the deployment's country is masked, however it is grouped.
    """
    assert mask(text, author=None, own_handles=OWN, country=country).text == expected


@pytest.mark.parametrize(("text", "expected"), PROFILES)
def test_addresses_lose_people(text: str, expected: str) -> None:
    """
    Addresses of profiles are masked whole; others lose only what tells who shared them.
    """
    assert mask(text, author=MIRA, own_handles=OWN, country="CA").text == expected


@pytest.mark.parametrize(("text", "expected"), AUTHORS)
def test_the_author_is_masked_in_their_own_words(text: str, expected: str) -> None:
    """
    Whatever the author's names are written like, they go; words that only contain them stay.
    """
    assert mask(text, author=MIRA, own_handles=OWN, country="CA").text == expected


@pytest.mark.parametrize(("name", "text", "expected"), NAMES)
def test_a_name_is_masked_as_its_script_writes_it(name: str, text: str, expected: str) -> None:
    """
    Distinctive names go wherever they stand; common words go only where a name stands.
    """
    assert mask(text, author=Author((name,)), own_handles=OWN, country="CA").text == expected


@pytest.mark.parametrize("text", UNCHANGED)
@pytest.mark.parametrize("country", ["CA", "DE", "FR"])
def test_texts_without_people_are_unchanged(text: str, country: str) -> None:
    """
    Dates, prices, places, packages and code come back as the same object, with nothing counted.
    """
    masked = mask(text, author=MIRA, own_handles=OWN, country=country)

    assert (masked.text, dict(masked.counts)) == (text, {})


def test_counts_say_how_many_traces_of_each_kind() -> None:
    """
    Each masked trace is counted once under its kind; a cleaned address is no trace.
    """
    text = "@bob @eve: bob@example.com, 403-555-0123, https://x.com/bob https://a.example/?utm_id=1 by Mira Quill"

    masked = mask(text, author=MIRA, own_handles=OWN, country="CA")

    assert masked.text == "‹@› ‹@›: ‹✉›, ‹☎›, ‹↗› https://a.example/ by ‹@›"
    assert masked.counts == {"handle": 2, "email": 1, "phone": 1, "profile": 1, "author": 1}
