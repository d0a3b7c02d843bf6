"""
Sentences that people write around a handle, an address or a number, in seventeen languages and thirteen scripts.

Used by the generators beside it. Every sentence has one hole, `{}`; none has a digit, an `@`, a dot within a word, or a
Latin word that a generated name could repeat, so that whatever of a planted string is found in a masked line was left there.
Around a hole of `call`, `see` and `number` is white space (or the sentence's end), as people write numbers and addresses in every script;
around a hole of `greet` and `write` is what the language has: nothing, in Chinese, Japanese and Thai.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sentences:
    """
    Args:
        greet: To or about somebody on a network.
        write: Where to write by e-mail.
        call: Where to call.
        see: Where to look.
        number: What somebody's number is.
    """

    greet: tuple[str, ...]
    write: tuple[str, ...]
    call: tuple[str, ...]
    see: tuple[str, ...]
    number: tuple[str, ...]


LANGUAGES: Final[Mapping[str, Sentences]] = {
    "en": Sentences(
        greet=(
            "Thanks {} for the photos of the river",
            "{} when does the pool open again?",
            "I agree with {} on this",
            "Great idea, {}!",
        ),
        write=(
            "Please write to {} before the hearing",
            "My address is {} if you need it",
            "Ask {} about the permit",
        ),
        call=("Call me at {} after lunch", "You can reach me under {} any time"),
        see=("More pictures here: {} if you like", "Have a look at {} for the whole story", "See {}"),
        number=("My number is {} and nobody answers", "They asked me for {} on the form"),
    ),
    "fr": Sentences(
        greet=(
            "Merci {} pour les photos de la rivière",
            "{} quand est-ce que la piscine rouvre ?",
            "Tout à fait d'accord avec {} là-dessus",
        ),
        write=(
            "Écrivez à {} avant l'audience",
            "Mon adresse est {} au besoin",
            "Demandez à {} pour le permis",
        ),
        call=("Appelez-moi au {} après le dîner", "On peut me joindre au {} en tout temps"),
        see=("D'autres photos ici : {} si ça vous dit", "Toute l'histoire se trouve sur {} depuis hier"),
        number=("Mon numéro est le {} et personne ne répond", "On m'a demandé le {} sur le formulaire"),
    ),
    "es": Sentences(
        greet=(
            "Gracias {} por las fotos del río",
            "{} ¿cuándo vuelve a abrir la piscina?",
            "¡Buena idea, {}!",
        ),
        write=("Escriban a {} antes de la audiencia", "Mi correo es {} por si hace falta"),
        call=("Llámame al {} después de comer", "Me encuentran en el {} a cualquier hora"),
        see=("Más fotos aquí: {} por si quieren", "Toda la historia está en {} desde ayer"),
        number=("Mi número es {} y nadie contesta", "En el formulario me pidieron {} otra vez"),
    ),
    "de": Sentences(
        greet=(
            "Danke {} für die Bilder vom Fluss",
            "{} wann macht das Freibad wieder auf?",
            "Da hat {} völlig recht",
        ),
        write=("Schreiben Sie vor der Sitzung an {} bitte", "Meine Adresse ist {} falls nötig"),
        call=("Ruf mich nach dem Essen unter {} an", "Erreichbar bin ich unter {} jederzeit"),
        see=("Mehr Bilder gibt es hier: {} für alle", "Die ganze Geschichte steht auf {} seit gestern"),
        number=("Meine Nummer ist {} und keiner meldet sich", "Im Formular wollten sie {} wissen"),
    ),
    "pl": Sentences(
        greet=(
            "Dzięki {} za zdjęcia rzeki",
            "{} kiedy znowu otworzą basen?",
            "Zgadzam się z {} w tej sprawie",
        ),
        write=("Proszę napisać na {} przed posiedzeniem", "Mój adres to {} w razie potrzeby"),
        call=("Zadzwoń do mnie pod {} po obiedzie", "Jestem pod numerem {} o każdej porze"),
        see=("Więcej zdjęć tutaj: {} dla chętnych", "Cała historia jest na {} od wczoraj"),
        number=("Mój numer to {} i nikt nie odpowiada", "W formularzu chcieli {} jeszcze raz"),
    ),
    "uk": Sentences(
        greet=(
            "Дякую {} за світлини річки",
            "{} коли знову відкриють басейн?",
            "Цілком згодна з {} щодо цього",
        ),
        write=("Напишіть на {} до слухання", "Моя адреса {} якщо буде потрібно"),
        call=("Зателефонуйте мені на {} після обіду", "Мене можна знайти за {} будь-коли"),
        see=("Більше світлин тут: {} для охочих", "Уся історія на {} від учора"),
        number=("Мій номер {} і ніхто не відповідає", "У формулярі просили {} ще раз"),
    ),
    "el": Sentences(
        greet=(
            "Ευχαριστώ {} για τις φωτογραφίες του ποταμού",
            "{} πότε ανοίγει πάλι η πισίνα;",
            "Συμφωνώ με {} σε αυτό",
        ),
        write=("Γράψτε στο {} πριν από την ακρόαση", "Η διεύθυνσή μου είναι {} αν χρειαστεί"),
        call=("Πάρτε με στο {} μετά το φαγητό", "Με βρίσκετε στο {} οποιαδήποτε ώρα"),
        see=("Περισσότερες φωτογραφίες εδώ: {} για όλους", "Όλη η ιστορία είναι στο {} από χθες"),
        number=("Ο αριθμός μου είναι {} και δεν απαντά κανείς", "Στο έντυπο ζήτησαν {} ξανά"),
    ),
    "ar": Sentences(
        greet=("شكرا {} على صور النهر", "{} متى يفتح المسبح من جديد؟", "أتفق مع {} في هذا"),
        write=("اكتبوا إلى {} قبل الجلسة", "عنواني هو {} عند الحاجة"),
        call=("اتصل بي على {} بعد الغداء", "يمكن الوصول إلي على {} في أي وقت"),
        see=("المزيد من الصور هنا: {} للجميع", "القصة كلها على {} منذ أمس"),
        number=("رقمي هو {} ولا أحد يجيب", "طلبوا مني {} في الاستمارة"),
    ),
    "he": Sentences(
        greet=("תודה {} על התמונות של הנהר", "{} מתי הבריכה נפתחת שוב?", "אני מסכימה עם {} בזה"),
        write=("כתבו אל {} לפני הדיון", "הכתובת שלי היא {} אם צריך"),
        call=("התקשרו אליי למספר {} אחרי הצהריים", "אפשר להשיג אותי ב {} בכל שעה"),
        see=("עוד תמונות כאן: {} למי שרוצה", "כל הסיפור נמצא ב {} מאתמול"),
        number=("המספר שלי הוא {} ואף אחד לא עונה", "בטופס ביקשו ממני {} שוב"),
    ),
    "hi": Sentences(
        greet=("नदी की तस्वीरों के लिए धन्यवाद {} जी", "{} तरणताल फिर कब खुलेगा?", "मैं {} से सहमत हूँ"),
        write=("सुनवाई से पहले {} पर लिखें", "मेरा पता {} है"),
        call=("दोपहर के बाद मुझे {} पर फ़ोन करें", "मैं {} पर हर समय मिलूँगी"),
        see=("और तस्वीरें यहाँ: {} सबके लिए", "पूरी कहानी {} पर है"),
        number=("मेरा नंबर {} है और कोई जवाब नहीं देता", "फ़ॉर्म में {} माँगा गया"),
    ),
    "zh": Sentences(
        greet=("谢谢{}拍的河边照片", "{} 游泳池什么时候再开？", "我同意{}的看法", "{}说得好！"),
        write=("听证会之前请写信到{}谢谢", "我的邮箱是{}，有事请联系", "许可的事请问{}。"),
        call=("午饭后打 {} 找我", "我的电话： {} 随时都可以"),
        see=("更多照片在这里： {} 请看", "整个故事见 {} 从昨天起"),
        number=("我的号码是 {} 没人接", "表格上要填 {} 又一次"),
    ),
    "ja": Sentences(
        greet=(
            "{}さん、川の写真をありがとう",
            "{} プールはいつまた開きますか？",
            "私は{}に賛成です",
            "川の写真は{}が撮りました",
        ),
        write=("公聴会の前に{}へ書いてください", "私の宛先は{}です", "許可のことは{}に聞いてください。"),
        call=("昼過ぎに {} まで電話ください", "電話は {} いつでもどうぞ"),
        see=("ほかの写真はこちら： {} どうぞ", "話の全部は {} にあります"),
        number=("私の番号は {} ですが誰も出ません", "用紙に {} を書かされました"),
    ),
    "ko": Sentences(
        greet=("{}님 강 사진 고맙습니다", "{} 수영장은 언제 다시 여나요?", "저는 {}의 말에 동의해요"),
        write=("공청회 전에 {}로 써 주세요", "제 주소는 {} 입니다"),
        call=("점심 뒤에 {} 번으로 전화 주세요", "제 전화는 {} 언제든지 됩니다"),
        see=("사진이 더 있어요: {} 보세요", "모든 이야기는 {} 에 있습니다"),
        number=("제 번호는 {} 인데 아무도 안 받아요", "양식에 {} 을 쓰라고 했어요"),
    ),
    "th": Sentences(
        greet=("ขอบคุณ {} สำหรับรูปแม่น้ำ", "{} สระว่ายน้ำจะเปิดอีกเมื่อไร", "ฉันเห็นด้วยกับ{}เรื่องนี้"),
        write=("กรุณาเขียนถึง {} ก่อนการประชุม", "ที่อยู่ของฉันคือ {} ถ้าจำเป็น"),
        call=("โทรหาฉันที่ {} หลังอาหารกลางวัน", "ติดต่อได้ที่ {} ตลอดเวลา"),
        see=("รูปเพิ่มเติมที่นี่: {} เชิญดู", "เรื่องทั้งหมดอยู่ที่ {} ตั้งแต่เมื่อวาน"),
        number=("หมายเลขของฉันคือ {} ไม่มีใครรับ", "ในแบบฟอร์มขอ {} อีกครั้ง"),
    ),
    "vi": Sentences(
        greet=(
            "Cảm ơn {} về những bức ảnh dòng sông",
            "{} bao giờ hồ bơi mở lại?",
            "Tôi đồng ý với {} về chuyện này",
        ),
        write=("Xin viết cho {} trước buổi họp", "Địa chỉ của tôi là {} nếu cần"),
        call=("Gọi cho tôi theo số {} sau bữa trưa", "Có thể tìm tôi ở số {} bất cứ lúc nào"),
        see=("Thêm ảnh ở đây: {} mời xem", "Toàn bộ câu chuyện ở {} từ hôm qua"),
        number=("Số của tôi là {} mà không ai trả lời", "Trong mẫu đơn họ hỏi {} một lần nữa"),
    ),
    "crk": Sentences(  # Plains Cree, in syllabics: greetings and thanks
        greet=("ᑖᓂᓯ {} ᑮᓇᓈᐢᑯᒥᑎᐣ", "{} ᑮᓇᓈᐢᑯᒥᑎᐣ", "ᐊᐏᔭᐠ {} ᑖᓂᓯ"),
        write=("ᒪᓯᓇᐦᐊᒪᐤ {} ᑮᓇᓈᐢᑯᒥᑎᐣ", "ᑖᓂᓯ {}"),
        call=("ᑖᓂᓯ {} ᑮᓇᓈᐢᑯᒥᑎᐣ", "ᐱᑭᐢᑫᐧ {} ᐁᑯᓯ"),
        see=("ᑲᓇᐚᐸᐦᑕ {} ᐁᑯᓯ", "ᑖᓂᓯ {}"),
        number=("ᓂᔭ {} ᐁᑯᓯ", "ᐊᑭᐦᑕᓱᐣ {} ᑮᓇᓈᐢᑯᒥᑎᐣ"),
    ),
    "iu": Sentences(  # Inuktitut, in syllabics: greetings and thanks
        greet=("ᖁᔭᓐᓇᒦᒃ {} ᐊᔾᔨᓄᑦ", "{} ᖁᕕᐊᓱᒃᐳᖓ", "ᐊᐃᓐᖓᐃ {} ᖃᓄᐃᑉᐱᑦ"),
        write=("ᑎᑎᕋᕐᓗᑎᑦ {} ᖁᔭᓐᓇᒦᒃ", "ᐊᐃᓐᖓᐃ {}"),
        call=("ᐅᖃᓘᑎ {} ᖁᔭᓐᓇᒦᒃ", "ᐅᖄᓚᒋᑦ {} ᐅᓪᓗᒥ"),
        see=("ᑕᑯᒋᑦ {} ᖁᔭᓐᓇᒦᒃ", "ᐊᐃᓐᖓᐃ {}"),
        number=("ᓈᓴᐅᑎ {} ᐅᕙᖓ", "ᐅᓪᓗᒥ {} ᓈᓴᐅᑎ"),
    ),
}
