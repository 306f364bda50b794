"""What WhatsApp itself writes into exports, by meaning, in the languages of its apps.

Add a language by adding its words here. Strings are RE2 alternatives without nested repeats, compared in lower case;
tuples are whole texts, with or without a full stop.

Known from a source (the apps' published string tables, 2017 to 2022, or exports that people published): deletions,
omitted media, file names, missed calls and live locations in every language listed; deletions by an admin, calls, waiting
messages, what can be viewed once and the beginnings of notices as the iPhone app of 2022 had them in 40 languages; edits
in English, Portuguese, Spanish, German, French, Italian, Dutch, Russian, Polish, Turkish, Indonesian, Romanian, Catalan,
Hebrew and Arabic. Believed, for want of a published export: the other languages' edits, further forms of deletions (also
by an admin), unanswered calls but for the forms of 2022, media behind ``‹``, and the words for poll but for English,
German, Spanish, French, Portuguese, Italian, Dutch, Russian and Turkish. On iOS, a mark that nobody types shows an edit, a
medium left out or a poll in any language.
"""

from __future__ import annotations

FILE_NAMES = (
    "whatsapp[ -]chat (?:with|-|mit|met)|conversa (?:do|no) whatsapp com|chat de whatsapp con|discussion whatsapp avec|"
    "chat whatsapp con|чат whatsapp с"
)
"""What stands before the chat's name in the name of an exported file."""

ATTACHED = (
    "file attached|arquivo anexado|ficheiro anexado|archivo adjunto|Datei angehängt|"
    "fichier joint|file allegato|bestand bijgevoegd|файл добавлен|添付ファイル|文件附件|"
    "파일 첨부됨|ملف مرفق|lêer aangeheg|الملف مرفق|fayl əlavə olunub|прикачен файл|"
    "ফাইল সংযুক্ত হয়েছে|arxiu adjunt|soubor byl přiložen|fil vedhæftet|συνημμένο αρχείο|"
    "archivo adjuntado|fail lisatud|liitetiedosto|ફાઇલ જોડાયેલ|קובץ מצורף|फाइल अटैच कर दी गई है|"
    "datoteka u privitku|fájl csatolva|file terlampir|添付ファイル有り|қосымша файл|"
    "ಕಡತ ಸೇರಿಸಲಾಯಿತು|byla prisegta|pievienots fails|прикачен фајл|ഫയൽ ചേർത്തു|फाइल संलग्न|"
    "fail dilampirkan|vedlagt fil|ਅਟੈਚ ਕੀਤੀ ਫਾਇਲ|załączony plik|fișier atașat|súbor pripojený|"
    "priložena datoteka|skedë e ngjitur|прикачена датотека|bifogad fil|faili limeambatanishwa|"
    "ఫైల్ జోడించబడినది|ไฟล์ที่แนบ|nakalakip na file|dosya ekli|файл додано|پیوستہ فائل|"
    "fayl biriktirildi|tệp đính kèm|附件檔案"
)
"""After a file's name on Android: ``IMG-20240105-WA0003.jpg (file attached)``."""

ATTACHED_IOS = "attached|anexado|anexada|adjunto|anhang|pièce jointe|allegato|bijgevoegd|附件"
"""Before a file's name on iOS: ``<attached: 00000042-PHOTO-2024-01-05-10-00-00.jpg>``."""

OMITTED = (
    "(?: omitted| omitid[oa]s?| ocult[oa]s?| ocultad[oa]s?| não revelad[oa]| weggelassen| ausgelassen| ausgeschlossen|"
    " absente?s?| manquante?| omise?s?| omess[oaie]| weggelaten| verwijderd uit export| отсутствует| не добавлен|"
    " пропущено?| відсутн[єяій]| не додано| pominięt[oyae]| utelämna[dt]| utesluten| uteslutet| utelatt| udeladt|"
    " jätettiin pois| ei sisällytet[ät]ä| vynechán[oay]?| vynechan[éáý]| kihagyva| izostavljena?| παραλείφθηκε|"
    " dahil edilmedi| tidak disertakan| tidak dimasukkan| הושמטה?| বাদ দেওয়া হয়েছে| छोड़ा गया|"
    "省略|已略去|已忽略|は省略されました|は含まれていません|제외됨|생략됨)$|^(?:忽略|略过|略過|لم يتم إدراج |đã bỏ |bỏ qua |ละเว้น)"
)
"""A medium that was left out, as iOS writes it behind a mark: ``image omitted``."""

_OMITTED_FORMS = (
    ("image|video|audio|document|sticker|GIF|Contact card", "omitted"),
    ("imagem|figurinha|imagen", "omitida"),
    ("imagem|figurinha", "ocultada"),
    ("vídeo|video|áudio|audio|documento|sticker|GIF|Cartão do contato", "omitido"),
    ("vídeo|áudio|documento|GIF", "ocultado"),
    ("Bild|Video|Audio|Dokument|Sticker|GIF|Kontaktkarte", "weggelassen"),
    ("image|vidéo", "absente"),
    ("audio|document|sticker|GIF", "absent"),
    ("immagine", "omessa"),
    ("video|audio|documento|sticker|GIF", "omesso"),
    ("afbeelding|video|audio|document|sticker|GIF", "weggelaten"),
)
OMITTED_PLAIN = tuple(f"{noun} {ending}" for nouns, ending in _OMITTED_FORMS for noun in nouns.split("|"))
"""The whole text of a medium that an older iOS export, without marks, left out."""

_OMITTED_IOS = (
    "video note omitted|voice message omitted|imagem não revelada|vídeo não revelado|ficheiro de áudio não revelado|"
    "documento não revelado|sticker não revelado|GIF não revelada|contacto não revelado|imagem ocultada|vídeo omitido|"
    "áudio ocultado|figurinha omitida|Cartão do contato omitido|tarjeta de contacto omitida|Kontaktkarte ausgelassen|"
    "image absente|vidéo absente|audio omis|sticker omis|GIF retiré|document manquant|fiche contact manquante|"
    "sticker non incluso|GIF esclusa|scheda contatto omessa|visitekaartje weggelaten|"
    "изображение отсутствует|видео отсутствует|аудиофайл отсутствует|стикер не добавлен|GIF отсутствует|"
    "документ отсутствует|видеозаметка опущена|карточка контакта отсутствует|"
    "зображення відсутнє|відео відсутнє|аудіо відсутнє|наклейку не додано|GIF-анімацію пропущено|документ пропущено|"
    "картка контакту відсутня|obraz pominięty|wideo pominięte|audio pominięte|pominięto naklejkę|plik GIF pominięty|"
    "dokument pominięty|pominięta wizytówka kontaktu|obrázek vynechán|video vynecháno|zvukový soubor vynechán|"
    "nálepka vynechána|GIF vynechán|dokument vynechán|vizitka vynechána|obrázok vynechaný|video vynechané|"
    "zvuk vynechaný|nálepka vynechaná|GIF vynechaný|dokument vynechaný|karta kontaktu vynechaná|"
    "kép küldése sikertelen|videó kihagyva|hang kihagyása|matrica kihagyva|GIF fájl kihagyása|dokumentum kihagyva|"
    "névjegykártya kihagyva|imagine omisă|clip video omis|fără audio|GIF omis|document omis|"
    "carte de vizită contact omisă|εικόνα παραλείφθηκε|βίντεο παραλείφθηκε|ήχος παραλείφθηκε|"
    "αυτοκόλλητο παραλήφθηκε|παράληψη GIF|έγγραφο παραλείφθηκε|η κάρτα επαφής παραλήφθηκε|"
    "bild utesluten|video utesluten|ljud utelslutet|sticker utesluten|GIF utesluten|dokument uteslutet|"
    "kontaktkort uteslutet|billede udeladt|video udeladt|lyd udeladt|klistermærke udeladt|GIF udeladt|"
    "dokument udeladt|kontaktkort udeladt|bilde ikke inkludert|video utelatt|lyd utelatt|klistremerke utelatt|"
    "GIF utelatt|utelatt dokument|kontaktkort sløyfet|ei kuvaa|videota ei sisällytetä|äänitiedostoa ei sisällytetä|"
    "tarraa ei sisällytetty|GIF-animaatio jätetty pois|dokumenttia ei sisällytetä|yhteystietokortti jätettiin pois|"
    "slika izostavljena|video izostavljen|zvuk izostavljen|naljepnica izostavljena|GIF izostavljen|"
    "dokument izostavljen|posjetnica izostavljena|imatge omesa|vídeo omès|àudio omès|adhesiu omès|GIF omès|"
    "document omès|targeta de contacte omesa|görüntü dahil edilmedi|video dahil edilmedi|ses dahil edilmedi|"
    "çıkartma dahil edilmedi|GIF dahil edilmedi|belge dahil edilmedi|kişi kartı dahil edilmedi|"
    "gambar tidak disertakan|video tidak disertakan|audio tidak disertakan|stiker tidak disertakan|"
    "GIF tidak disertakan|dokumen tidak disertakan|kartu kontak tidak disertakan|imej tidak dimasukkan|"
    "video tidak dimasukkan|audio tidak dimasukkan|pelekat tidak disertakan|GIF tidak dimasukkan|"
    "dokumen tidak dimasukkan|kad kenalan tidak dimasukkan|đã bỏ qua hình ảnh|đã bỏ video|bỏ qua tệp âm thanh|"
    "đã bỏ sticker|đã bỏ qua ảnh GIF|đã bỏ qua tài liệu|bỏ qua thẻ liên lạc|"
    "ไม่มีรูปภาพ|วิดีโอถูกลบ|ไม่มีไฟล์เสียง|ไม่มีสติกเกอร์|ละเว้น GIF|ละเว้นเอกสาร|บัตรรายชื่อที่ละเว้น|"
    "התמונה הושמטה|סרטון הווידאו הושמט|קטע קול הושמט|השמע הושמט|סטיקר הושמט|GIF הושמט|מסמך הושמט|כרטיס איש קשר הושמט|"
    "لم يتم إدراج الصورة|لم يتم إدراج الفيديوهات|لم يتم إدراج المقاطع الصوتية|تم حذف الملصقات|لم يتم إدراج صورة GIF|"
    "لم يتم إدراج المستند|لم يتم إدراج بطاقة جهة اتصال|تصویر حذف شد|ویدیو حذف شد|صدا حذف شد|استیکر حذف شد|"
    "GIF حذف شد|سند حذف شد|برگ مخاطب حذف شد|تصویر نکال دی گئی ہے|ویڈیو نظرانداز|آڈیو نظرانداز|اسٹیکر نظرانداز|"
    "دستاویز نظرانداز|رابطہ کارڈ نظر انداز|फ़ोटो हटाई गई|वीडियो छोड़ा गया|ऑडियो हटाई गयी|स्टिकर छोड़ा गया|"
    "GIF छोड़ा गया|डॉक्यूमेंट छोड़ा गया|कॉन्टैक्ट कार्ड छोड़ा गया|इमेज वगळली|व्हिडीओ वगळला|ऑडिओ वगळला|"
    "स्टिकर वगळले|GIF वगळले|डॉक्युमेंट वगळले|संपर्क कार्ड वगळले|ইমেজ বাদ দেওয়া হয়েছে|ভিডিও বাদ দেওয়া হয়েছে|"
    "অডিও বাদ দেওয়া হয়েছে|স্টিকার বাদ দেওয়া হয়েছে|জিআইএফ বাদ দেওয়া হয়েছে|ডকুমেন্ট বাদ দেওয়া হয়েছে|"
    "圖片已略去|圖像已省略|圖片已省略|图片已省略|照片已忽略|影片已略去|影片已省略|视频已省略|视频已忽略|音訊已略去|音訊已省略|"
    "語音訊息已省略|音频已省略|音频已忽略|貼圖已略去|貼圖已忽略|貼圖已省略|贴图已省略|GIF 已略去|GIF已省略|文件已略去|"
    "文件已忽略|文件已省略|文档已省略|聯絡人卡片已略去|聯絡人卡片已省略|聯絡人名片已省略|联系人卡片已忽略|"
    "画像は省略されました|画像は含まれていません|動画は省略されました|ビデオは含まれていません|音声は含まれていません|"
    "音声メッセージは省略されました|スタンプは省略されました|スタンプは含まれていません|GIFは省略されました|GIFは含まれていません|"
    "文書は省略されました|ドキュメントは含まれていません|連絡先カードを省略|連絡先カードは省略されました|"
    "이미지 생략됨|동영상 생략됨|비디오 생략됨|오디오 생략됨|스티커 생략됨|스티커 제외됨|GIF 생략됨|문서 생략됨|연락처 카드 생략됨|"
    "تم حذف صورة المنتج|ইমেজ বাদ দেওয়া হয়েছে|ভিডিও বাদ দেওয়া হয়েছে|অডিও বাদ দেওয়া হয়েছে|স্টিকার বাদ দেওয়া হয়েছে|"
    "জিআইএফ বাদ দেওয়া হয়েছে|পরিচিতির কার্ড বাদ দেওয়া হয়েছে|ডকুমেন্ট বাদ দেওয়া হয়েছে|প্রোডাক্টের ইমেজ সরানো হয়েছে|"
    "Imatge del producte omesa|obrázek produktu byl vynechán|produktbillede udeladt|Produktbild ausgelassen|"
    "παραλείπεται η εικόνα προϊόντος|product image omitted|imagen del producto omitida|عکس کالا حذف شده است|"
    "tuotekuva jätetty pois|image produit oubliée|íomhá ligthe ar lár|físeán ligthe ar lár|"
    "comhad fuaime ar lár|fágadh an greamán ar lár|GIF ligthe ar lár|Cárta teagmhála ar lár|"
    "cáipéis ligthe ar lár|fágadh íomhá an táirge ar lár|છબી પડતી મૂકાઈ|વિડિયો પડતી મુકાઈ|"
    "ઓડિયો ફાઇલ શામેલ કરી નથી|સ્ટીકર પડતું મુકાયું|GIF પડતી મૂકાઈ|સંપર્કનું કાર્ડ પડતું મૂકાયું|"
    "ડોક્યુમેન્ટ સામેલ કર્યું નહિ|પ્રોડક્ટનો ફોટો બાકાત રાખ્યો|वीडियो छोड़ा गया|स्टिकर छोड़ा गया|GIF छोड़ा गया|"
    "कॉन्टैक्ट कार्ड छोड़ा गया|डॉक्यूमेंट छोड़ा गया|प्रोडक्‍ट की फ़ोटो हटाई गई|slika proizvoda izostavljena|"
    "a termékkép hiányzik|gambar produk dihilangkan|immagine del prodotto omessa|商品画像は含まれていません|"
    "제품 이미지 생략됨|प्रॉडक्ट इमेज वगळली|imej produk tidak disertakan|produktbilde utelatt|"
    "productafbeelding weggelaten|zdjęcie produktu zostało pominięte|imagem de produto omitida|"
    "imagem do produto não revelada|imagine a produsului omisă|изображение товара отсутствует|"
    "obrázok produktu vynechaný|produktbild utelämnad|ไม่ได้ใส่รูปผลิตภัณฑ์|ürün görseli dahil edilmedi|"
    "зображення продукту пропущено|GIF  نظرانداز|پروڈکٹ کی تصویر نکال دی گئی ہے|đã bỏ ảnh sản phẩm|"
    "產品圖片已略去|GIF 动态图已被忽略|产品图省略|GIF 圖片已被省略|產品圖片已省略|تم استبعاد الصورة|"
    "تم استبعاد الفيديو|تم استبعاد المقطع الصوتي|تم استبعاد الملصق|表情已忽略|表情已省略"
)
OMITTED_KNOWN = tuple(dict.fromkeys((*OMITTED_PLAIN, *_OMITTED_IOS.split("|"))))
"""The same in other languages: only behind a mark or in angle brackets, for people write such words as well."""

_OMITTED_ANDROID = (
    "Media omitted|Mídia oculta|Ficheiro não revelado|Multimedia omitido|Medien ausgeschlossen|"
    "Médias omis|Media omessi|Media weggelaten|Медиа пропущено|Медиа отсутствует|メディア|"
    "Arquivo de mídia oculto|Mídia omitida|省略多媒體檔案|媒体省略|המדיה הוסרה|"
    "Mediebestand weggelaten|Multimedia pominięte|已省略媒体文件|媒体文件已省略|"
    "Medien ausgelassen|Médias omises|Fichier multimédia omis|Médias exclus|"
    "Archivo multimedia omitido|Arquivo de mídia omitido|Mídia ocultada|File multimediale omesso|"
    "Медиафайл пропущен|Медиафайлы отсутствуют|Медіа відсутнє|Медіафайл пропущено|媒体已省略|"
    "媒體已省略|已省略媒體檔案|メディアは省略されました|미디어 생략됨|미디어 파일 생략됨|"
    "Media weggelaat|تم استبعاد الوسائط|Media çıxarılmışdır|Без файл|মিডিয়া বাদ দেওয়া হয়েছে|"
    "Mitjans omesos|Média vynechána|Mediefil udeladt|Medien weggelassen|Εξαίρεση πολυμέσων|"
    "Archivo omitido|Meedia ära jäetud|پيوست نما/آهنگ حذف شد|Media jätetty pois|Fichier omis|"
    "મીડિયા અવગણાયું|מדיה הושמטה|मीडिया के बिना|Medijski zapis izostavljen|Hiányzó médiafájl|"
    "Media tidak disertakan|Media omesso|メディアは含まれていません|Файл қосылған жоқ|"
    "ಮೀಡಿಯಾ ಕೈಬಿಡಲಾಗಿದೆ|미디어 파일을 생략한 대화내용|Praleistas medijos turinys|Bez multivides|"
    "Без фајл|മീഡിയ ഒഴിവാക്കി|मीडिया वगळले|Media disingkirkan|Uten vedlegg|ਮੀਡੀਆ ਛੱਡਿਆ ਗਿਆ|"
    "pliki pominięto|Conținut media omis|Файл пропущен|Médiá vynechané|Medij izpuščen|Pa media|"
    "медији су изостављени|Media har utelämnats|Media imerukwa|ஊடகங்கள் நீக்கப்பட்டது|"
    "మాధ్యమం విస్మరించబడింది|สื่อถูกลบ|Walang kalakip na media|Medya atlanmış|Медіа пропущено|"
    "میڈیا چھوڑ دیا گیا|Fayl o‘tkazib yuborildi|Bỏ qua Media|省略多媒体文件|忽略多媒體檔|"
    "media buraxıldı|মিডিয়া বাদ দেওয়া হয়েছে|fitxers multimèdia omesos|média vynechány|"
    "medier udeladt|αρχείο παραλήφθηκε|meedia välja jäetud|رسانه حذف شد|media jätettiin pois|"
    "મિડિયા છોડી મૂકાયું|મીડિયા અવગણવામાં આવ્યા|média elhagyva|המדיה לא נכללה|メディアなし|"
    "файлдар қосылмаған|ಮಾಧ್ಯಮ ಕೈಬಿಡಲಾಗಿದೆ|미디어 파일 제외됨|ບໍ່ລວມມີເດຍ|medija praleista|"
    "nav iekļauta multivide|без фајлови|मीडिया वगळण्यात आला|media dikecualikan|media utelatt|"
    "ਮੀਡੀਆ ਛੱਡਿਆ|ਮੀਡੀਆ ਛਡਿਆ ਗਿਆ|pominięto multimedia|без медиафайлов|datoteke izpuščene|"
    "media u hoq|Media hequr|media utelämnat|media hazijajumuishwa|கோப்புகள் விடப்பட்டன|"
    "మీడియా విస్మరించబడింది|ไฟล์สื่อถูกลบ|ınalis ang media|medya dahil edilmedi|"
    "میڈیا ہٹا دیا گیا|bỏ qua tệp phương tiện|"
    "मीडिया छोड़ा गया|媒体文件已忽略|multimedia pominięto|メディアファイルを除く|省略影音内容|省略影音內容"
)
OMITTED_ANDROID = tuple(_OMITTED_ANDROID.split("|"))
"""What stands in angle brackets for a medium that an Android export left out."""

MEDIA_IN_BRACKETS = (
    "(?:^| )(?:(?:multi)?m[eéí]dia|mídias|médias|médiá|meedia|medios|mitjans|medien|medya|медіа|медиа|מדיה|وسائط|رسانه|میڈیا|"
    "मीडिया|मिडिया|মিডিয়া|মিডিয়া)(?: |$)|"
    "multim[eé]di|mediefil|mediebestand|médiafájl|медиафайл|медіафайл|(?:媒体|媒體)|メディア|미디어|สื่อ"
)
"""A word for media: angle brackets with it and a second word are a medium left out, also in words unknown here."""

STICKER = (
    "sticker|figurinha|autocolante|pegatina|стикер|наклейк|naklej|nálepka|matrica|klister|klistre|tarra|çıkartma|stiker|"
    "pelekat|adhesiu|αυτοκόλλητο|סטיקר|تم حذف الملصقات|استیکر|اسٹیکر|स्टिकर|স্টিকার|貼圖|贴图|スタンプ|스티커|đã bỏ sticker|"
    "ไม่มีสติกเกอร์|pominięto naklej|greamán|સ્ટીકર|تم استبعاد الملصق|表情"
)
CONTACT = (
    "contact card|^contact omitted|cartão do contato|contacto|ficha de contacto|tarjeta de contacto|kontaktkarte|kontaktkort|"
    "fiche contact|scheda contatto|contactkaart|visitekaartje|карточка контакта|картка контакту|pominięta wizytówka|"
    "vizitka|karta kontaktu|névjegykártya|carte de vizită|η κάρτα επαφής|yhteystietokortti|posjetnica|"
    "targeta de contacte|kişi kartı|kartu kontak|kad kenalan|bỏ qua thẻ|บัตรรายชื่อ|כרטיס איש קשר|"
    "لم يتم إدراج بطاقة|برگ مخاطب|رابطہ کارڈ|कॉन्टैक्ट कार्ड|संपर्क कार्ड|聯絡人|联系人|連絡先|연락처|পরিচিতির|cárta teagmhála|સંપર્કનું"
)
"""What a sticker or a contact card that was left out begins with."""

_DELETED = {
    "de": (
        "Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht|"
        "Diese Nachricht wurde für alle gelöscht|Du hast diese Nachricht für alle gelöscht"
    ),
    "en": (
        "This message was deleted|You deleted this message|"
        "This message was deleted for everyone|You deleted this message for everyone"
    ),
    "es": (
        "Este mensaje fue eliminado|Eliminaste este mensaje|"
        "Este mensaje fue eliminado para todos|Eliminaste este mensaje para todos|"
        "Se eliminó este mensaje"
    ),
    "fr": (
        "Ce message a été supprimé|Vous avez supprimé ce message|"
        "Ce message a été supprimé pour tout le monde|"
        "Vous avez supprimé ce message pour tout le monde"
    ),
    "it": (
        "Questo messaggio è stato eliminato|Hai eliminato questo messaggio|"
        "Il messaggio è stato eliminato per tutti|Hai eliminato questo messaggio per tutti"
    ),
    "nl": (
        "Dit bericht is verwijderd|U hebt dit bericht verwijderd|"
        "Dit bericht is verwijderd voor iedereen|U hebt dit bericht verwijderd voor iedereen|"
        "Dit bericht werd verwijderd|Je hebt dit bericht verwijderd"
    ),
    "pt": (
        "Esta mensagem foi apagada|Esta mensagem foi apagada pelo remetente|"
        "Você apagou esta mensagem|Esta mensagem foi apagada para todos|"
        "Você apagou esta mensagem para todos|Mensagem apagada|Essa mensagem foi apagada|"
        "Apagou esta mensagem|Eliminou esta mensagem|Esta mensagem foi eliminada|"
        "Mensagem eliminada"
    ),
    "af": (
        "Hierdie boodskap was uitgevee|Jy het boodskap uitgevee|"
        "Hierdie boodskap was van almal uitgevee|Jy het hierdie boodskap van almal uitgevee"
    ),
    "ar": (
        "تم حذف هذه الرسالة|أنت حذفت هذه الرسالة|تم حذف هذه الرسالة لدى الجميع|"
        "أنت حذفت هذه الرسالة لدى الجميع|لقد حذَفت هذه الرسالة|لقد حذفت هذه الرسالة"
    ),
    "az": ("Bu ismarıc silindi|Siz bu ismarıcı sildiniz|Bu ismarıc hamı üçün silindi|Siz ismarıcı hamı üçün sildiniz"),
    "bg": (
        "Съобщението беше изтрито|Изтрихте това съобщение|Съобщението беше изтрито за всички|"
        "Изтрихте това съобщение за всички|Това съобщение бе изтрито|"
        "Това съобщение беше изтрито|Изтрихте съобщението"
    ),
    "bn": (
        "এই বার্তাটি মুছে ফেলা হয়েছে|আপনি এই বার্তাটি মুছে ফেলেছেন|"
        "এই বার্তাটি সবার জন্য মুছে ফেলা হয়েছে|আপনি এই বার্তাটি সবার জন্য মুছে ফেলেছেন|"
        "এই মেসেজটি বাদ দেওয়া হয়েছে|আপনি এই মেসেজটি বাদ দিয়েছেন|"
        "এই মেসেজটি মুছে ফেলা হয়েছে|আপনি এই মেসেজটি মুছে ফেলেছেন|"
        "এই মেসেজটি বাদ দেওয়া হয়েছে|আপনি এই মেসেজটি বাদ দিয়েছেন"
    ),
    "ca": (
        "Aquest missatge està esborrat|Has esborrat aquest missatge|"
        "Aquest missatge ha estat eliminat per a tothom|"
        "Has eliminat aquest missatge per a tothom|Aquest missatge s'ha suprimit|"
        "Has suprimit aquest missatge"
    ),
    "cs": (
        "Tato zpráva byla odstraněna|Tuto zprávu jste odstranil/a|"
        "Tato zpráva byla pro všechny odstraněna|Tuto zprávu jste u všech odstranil/a|"
        "Tato zpráva byla smazána|Tuto zprávu jste smazal/a|Tuto zprávu jste smazali|"
        "Tuto zprávu jste odstranili"
    ),
    "da": (
        "Denne besked blev slettet|Du slettede denne besked|"
        "Denne besked blev slettet hos alle|Du slettede denne besked hos alle|"
        "Denne besked er blevet slettet|Du har slettet denne besked"
    ),
    "el": (
        "Αυτό το μήνυμα διαγράφηκε|Διαγράψατε αυτό το μήνυμα|Το μήνυμα διαγράφηκε από όλους|"
        "Διαγράψατε αυτό το μήνυμα από όλους|Διαγράψατε το μήνυμα"
    ),
    "et": (
        "See sõnum on kustutatud|Kustutasid selle sõnumi|See sõnum on kõigilt kustutatud|"
        "Kustutasid selle sõnumi kõigilt"
    ),
    "fa": (
        "این پیام حذف شد|شما این پیام را حذف کردید|این پیام برای همه حذف شد|"
        "شما این پیام را برای همه حذف کردید|این پیام حذف شده است"
    ),
    "fi": (
        "Tämä viesti poistettiin|Poistit tämän viestin|Tämä viesti poistettiin kaikilta|"
        "Poistit tämän viestin kaikilta|Viesti poistettu"
    ),
    "ga": "Scriosadh an teachtaireacht seo|Scrios tú an teachtaireacht seo",
    "gu": (
        "આ સંદેશ રદ્દ કરાયો|તમે આ સંદેશને રદ્દ કર્યો|આ સંદેશ બધા માટે રદ્દ કરાયો|"
        "તમે આ સંદેશને બધા માટે રદ્દ કર્યો|આ મેસેજ ડિલીટ કરાયો|તમે આ મેસેજ ડિલીટ કર્યો"
    ),
    "he": (
        "הודעה זו נמחקה|מחקת הודעה זו|הודעה זו נמחקה אצל כולם|מחקת הודעה זו אצל כולם|מחקת את ההודעה הזו|ההודעה נמחקה"
    ),
    "hi": (
        "यह संदेश मिटाया गया|आपने यह संदेश मिटाया|इस संदेश को सभी के लिए मिटाया गया|"
        "आपने इस संदेश को सभी के लिए मिटा दिया|यह मैसेज डिलीट कर दिया गया है|"
        "यह मैसेज मिटाया गया|आपने यह मैसेज डिलीट किया|आपने यह मैसेज मिटाया|"
        "आपने यह मैसेज डिलीट कर दिया है"
    ),
    "hr": (
        "Ova poruka je izbrisana|Izbrisali ste ovu poruku|Ova poruka je izbrisana za svakoga|"
        "Izbrisali ste ovu poruku za svakoga|Ova je poruka izbrisana"
    ),
    "hu": (
        "Ez az üzenet törlésre került|Törölted ezt az üzenetet|"
        "Ez az üzenet mindenkinél törlésre került|Mindenkinél törölted ezt az üzenetet|"
        "Ezt az üzenetet törölted|Ezt az üzenetet törölték|Üzenet törölve"
    ),
    "id": (
        "Pesan ini telah dihapus|Anda telah menghapus pesan ini|"
        "Pesan ini telah dihapus untuk semua orang|"
        "Anda telah menghapus pesan ini untuk semua orang|Pesan ini dihapus|"
        "Anda menghapus pesan ini"
    ),
    "ja": (
        "このメッセージは削除されました|このメッセージを削除しました|"
        "このメッセージは全員分削除されました|このメッセージを全員分削除しました|"
        "メッセージを削除しました|このメッセージは削除されています"
    ),
    "kk": ("Бұл хат жойылды|Сіз бұл хатты жойдыңыз|Бұл хат барлығы үшін жойылды|Сіз бұл хатты барлығы үшін жойдыңыз"),
    "kn": ("ಈ ಸಂದೇಶವು ಅಳಿಸಲ್ಪಟ್ಟಿದೆ|ನೀವು ಈ ಸಂದೇಶವನ್ನು ಅಳಿಸಿದ್ದೀರಿ|ಈ ಸಂದೇಶವು ಎಲ್ಲರಿಗೂ ಅಳಿಸಲ್ಪಟ್ಟಿದೆ|ನೀವು ಈ ಸಂದೇಶವನ್ನು ಎಲ್ಲರಿಗೂ ಅಳಿಸಿದ್ದೀರಿ"),
    "ko": (
        "이 메시지는 삭제되었습니다|삭제한 메시지입니다|"
        "이 메시지는 모든 멤버에게서 삭제되었습니다|모든 멤버에게서 삭제한 메시지입니다|"
        "이 메시지를 삭제했습니다|삭제된 메시지입니다|메시지를 삭제했습니다|"
        "내가 이 메시지를 삭제했습니다"
    ),
    "lt": (
        "Ši žinutė buvo ištrinta|Jūs ištrynėte šią žinutę|Ši žinutė buvo ištrinta visiems|"
        "Jūs ištrynėte šią žinutę visiems"
    ),
    "lv": (
        "Šī ziņa tika izdzēsta|Jūs izdzēsāt šo ziņu|Šī ziņa tika izdzēsta visiem saņēmējiem|"
        "Jūs izdzēsāt šo ziņu visiem saņēmējiem"
    ),
    "mk": (
        "Оваа порака беше избришана|Ја избриша оваа порака|"
        "Оваа порака беше избришана за сите|Ја избриша оваа порака за сите"
    ),
    "ml": ("ഈ സന്ദേശം ഇല്ലാതാക്കിയതാണ്|ഈ സന്ദേശം നിങ്ങൾ ഇല്ലാതാക്കി|ഈ സന്ദേശം എല്ലാവർക്കും ഇല്ലാതാക്കിയതാണ്|ഈ സന്ദേശം എല്ലാവർക്കും ഇല്ലാതാക്കി"),
    "mr": (
        "हा संदेश हटविण्यात आला होता|आपण हा संदेश हटविलात|"
        "हा संदेश सर्वांसाठी हटविण्यात आला होता|हा संदेश तुम्ही सर्वांसाठी हटविलात|"
        "हा मेसेज हटवण्यात आला|तुम्ही हा मेसेज हटवला"
    ),
    "ms": (
        "Mesej ini telah dipadam|Anda telah memadamkan mesej ini|"
        "Mesej ini telah dipadam untuk semua orang|"
        "Anda telah memadamkan mesej ini untuk semua orang|Mesej ini dipadam|"
        "Anda memadamkan mesej ini"
    ),
    "nb": (
        "Denne meldingen ble slettet|Du slettet denne meldingen|"
        "Denne meldingen ble slettet for alle|Du slettet meldingen for alle"
    ),
    "pa": ("ਇਸ ਸੁਨੇਹੇ ਨੂੰ ਹਟਾਇਆ ਗਿਆ|ਤੁਸੀਂ ਇਹ ਸੁਨੇਹਾ ਹਟਾਇਆ|ਇਸ ਸੁਨੇਹੇ ਨੂੰ ਹਰੇਕ ਲਈ ਹਟਾਇਆ ਗਿਆ ਸੀ|ਤੁਸੀਂ ਇਸ ਸੁਨੇਹੇ ਨੂੰ ਹਰੇਕ ਲਈ ਹਟਾਇਆ ਹੈ"),
    "pl": (
        "Ta wiadomość została usunięta|Usunąłeś(aś) tę wiadomość|"
        "Ta wiadomość została usunięta u wszystkich|Usunąłeś(aś) tę wiadomość u wszystkich|"
        "Usunąłeś(-ęłaś) tę wiadomość|Usunięto tę wiadomość|Wiadomość usunięta|"
        "Usunąłeś tę wiadomość|Usunęłaś tę wiadomość"
    ),
    "ro": (
        "Acest mesaj a fost șters|Ați șters acest mesaj|"
        "Acest mesaj a fost șters pentru toată lumea|"
        "Ați șters acest mesaj pentru toată lumea|Ai șters acest mesaj"
    ),
    "ru": (
        "Данное сообщение удалено|Вы удалили данное сообщение|"
        "Данное сообщение было удалено у всех|Вы удалили данное сообщение у всех|"
        "Вы удалили это сообщение|Это сообщение было удалено|"
        "Это сообщение удалено"
    ),
    "sk": (
        "Táto správa bola odstránená|Túto správu ste odstránili|"
        "Táto správa bola u všetkých odstránená|Túto správu ste u všetkých odstránili|"
        "Odstránili ste túto správu|Táto správa bola vymazaná"
    ),
    "sl": (
        "To sporočilo je bilo izbrisano|To sporočilo ste izbrisali|"
        "To sporočilo je bilo izbrisano za vse|To sporočilo ste izbrisali za vse"
    ),
    "sr": (
        "Ова порука је обрисана|Обрисао/ла си ову поруку|Ова порука је обрисана за све|Обрисао/ла си ову поруку за све"
    ),
    "sv": (
        "Detta meddelande raderades|Du raderade detta meddelande|"
        "Detta meddelande raderades för alla|Du raderade detta meddelande för alla|"
        "Det här meddelandet raderades|Du raderade det här meddelandet|"
        "Du har tagit bort meddelandet|Det här meddelandet togs bort|"
        "Du tog bort det här meddelandet"
    ),
    "sw": (
        "Ujumbe huu ulifutwa|Umefuta ujumbe huu|Ujumbe huu umefutwa kwa kila mmoja|Umefuta ujumbe huu kwa kila mmoja"
    ),
    "ta": (
        "இத்தகவல் திரும்பப்பெறப்பட்டது|இத்தகவலை தாங்கள் அழித்தீர்கள்|இத்தகவல் அனைவரிடத்திலும் அழிக்கப்பட்டது|இத்தகவலை அனைவரிடத்திலும் அழித்தீர்கள்"
    ),
    "th": ("ข้อความนี้ได้ถูกลบ|คุณลบข้อความนี้|ข้อความนี้ถูกลบสำหรับทุกคน|คุณได้ลบข้อความนี้สำหรับทุกคน|ข้อความนี้ถูกลบแล้ว|คุณได้ลบข้อความนี้"),
    "tl": (
        "Itong mensahe ay binura na|Binura mo itong mensahe|"
        "Itong mensahe ay binura na para sa lahat|Binura mo itong mensahe para sa lahat"
    ),
    "tr": ("Bu mesaj silindi|Bu mesajı sildiniz|Bu mesaj herkes için silindi|Bu mesajı herkes için sildiniz"),
    "uk": (
        "Це повідомлення було видалено|Ви видалили це повідомлення|"
        "Це повідомлення було видалено для всіх|Ви видалили це повідомлення для всіх"
    ),
    "ur": (
        "یہ پیغام حذف کیا گیا|آپ نے اس پیغام کو حذف کیا|یہ پیغام سب کے لیے حذف کیا گیا|"
        "آپ نے اس پیغام کو سب کے لیے حذف کیا|یہ میسج حذف کر دیا گیا ہے|"
        "آپ نے یہ میسج حذف کر دیا ہے"
    ),
    "uz": (
        "Ushbu xabar o‘chirildi|Siz ushbu xabarni o‘chirdingiz|"
        "Ushbu xabar barcha uchun o‘chirildi|Siz ushbu xabarni barcha uchun o‘chirdingiz"
    ),
    "vi": (
        "Tin nhắn này đã bị xoá|Bạn đã xoá tin nhắn này|Tin nhắn đã bị xoá cho mọi người|"
        "Bạn đã xoá tin nhắn này cho mọi người|Tin nhắn này đã bị xóa|Bạn đã xóa tin nhắn này"
    ),
    "zh": (
        "信息已删除|此訊息已刪除。|您删除这个信息|您已刪除此訊息|这个信息已为所有人删除|"
        "此訊息已為所有人刪除|您已为所有人删除这个信息|您為所有人刪除此訊息|此訊息已刪除|"
        "你已刪除此訊息|你已刪除這則訊息|此消息已删除|这条消息已被删除|您已删除这条消息|"
        "你已删除这条消息|消息已删除|您删除了这条消息|你删除了这条消息|你刪除了這則訊息|"
        "你收回了此訊息|此訊息已收回|你撤回了一条消息|"
        "您已删除此消息|這則訊息已刪除|已刪除此訊息|该消息已被删除"
    ),
}
_DELETED_BELIEVED = (
    "Este mensaje ha sido eliminado|Se ha eliminado este mensaje|Has eliminado este mensaje|Este mensaje se eliminó|"
    "Eliminaste esta mensagem|Apagaste esta mensagem|Você apagou essa mensagem|Il messaggio è stato eliminato|"
    "Questo messaggio è stato cancellato|Hai cancellato questo messaggio|U heeft dit bericht verwijderd|"
    "Ce message a été effacé|Vous avez effacé ce message|Bu mesaj silinmiştir|Bu mesajı sildin|"
    "Сообщение было удалено|Данное сообщение было удалено|Вы удалили сообщение|Повідомлення видалено|"
    "Це повідомлення видалено|Повідомлення було видалено|Ви видалили повідомлення|Wiadomość została usunięta|"
    "Usunięto wiadomość|Denne besked er slettet|Beskeden blev slettet|Denne meldingen er slettet|Meldingen ble slettet|"
    "Detta meddelande togs bort|Detta meddelande har tagits bort|Det här meddelandet har tagits bort|"
    "Det här meddelandet har raderats|Du tog bort detta meddelande|Viesti poistettiin|Tämä viesti on poistettu|"
    "Ez az üzenet törölve lett|Ez az üzenet törölve|Az üzenet törölve lett|Zpráva byla smazána|Zpráva byla odstraněna|"
    "Smazali jste tuto zprávu|Správa bola odstránená|Správa bola vymazaná|Vymazali ste túto správu|Mesaj șters|"
    "Mesajul a fost șters|Αυτό το μήνυμα έχει διαγραφεί|Το μήνυμα διαγράφηκε|Ova poruka je obrisana|"
    "Obrisali ste ovu poruku|S'ha eliminat aquest missatge|Aquest missatge s'ha eliminat|Has eliminat aquest missatge|"
    "Kamu menghapus pesan ini|ההודעה הזו נמחקה|ההודעה הזאת נמחקה|تم مسح هذه الرسالة|تم حذف الرسالة|"
    "لقد قمت بحذف هذه الرسالة|حُذفت هذه الرسالة|این پیام پاک شد|این پیام پاک شده است|شما این پیام را پاک کردید|"
    "यह मैसेज डिलीट किया गया|यह मैसेज डिलीट कर दिया गया|इस मैसेज को डिलीट कर दिया गया है|यह मैसेज हटा दिया गया|"
    "यह संदेश हटा दिया गया|यह संदेश हटा दिया गया है|यह संदेश हटा दिया गया था|आपने यह संदेश हटा दिया|"
    "ఈ సందేశం తొలగించబడింది|మీరు ఈ సందేశాన్ని తొలగించారు|ఈ మెసేజ్ తొలగించబడింది|"
    "இந்த செய்தி நீக்கப்பட்டது|இந்தச் செய்தி நீக்கப்பட்டது|இந்த மெசேஜ் நீக்கப்பட்டது|ข้อความนี้ถูกลบ|คุณลบข้อความนี้แล้ว|"
    "Tin nhắn đã bị xóa|Tin nhắn đã bị xoá|此消息已被删除|该消息已删除|消息已被删除|您删除了此消息|你删除了此消息|"
    "此訊息已被刪除|這則訊息已被刪除|訊息已刪除|您刪除了此訊息|您刪除了這則訊息|您已刪除這則訊息|メッセージが削除されました|"
    "メッセージは削除されました|メッセージは削除済みです|메시지가 삭제되었습니다|이 메시지가 삭제되었습니다|삭제된 메시지"
)
DELETED = tuple(dict.fromkeys(text for texts in (*_DELETED.values(), _DELETED_BELIEVED) for text in texts.split("|")))
"""The whole text of a deleted message."""

DELETED_BY_ADMIN = (
    "This message was deleted by an admin",
    "This message was deleted by admin @",
    "You deleted this message as admin",
    "You deleted @'s message as admin",
    "Mensagem apagada por um admin",
    "Mensagem apagada por um admin (@)",
    "Mensagem apagada pelo admin @",
    "Mensagem apagada pelo admin",
    "Essa mensagem foi apagada pelo admin @",
    "Essa mensagem foi apagada pelo admin",
    "Essa mensagem foi apagada por um admin",
    "Esta mensagem foi apagada pelo admin @",
    "Esta mensagem foi apagada pelo admin",
    "Esta mensagem foi apagada pelo administrador @",
    "Esta mensagem foi apagada por um/a administrador/a",
    "Esta mensagem foi apagada por um/a administrador/a, @",
    "Esta mensagem foi apagada pelo/a administrador/a @",
    "Esta mensagem foi eliminada pelo administrador @",
    "Esta mensagem foi eliminada por um administrador",
    "Você apagou esta mensagem como admin",
    "Apagou esta mensagem como administrador",
    "Un admin. eliminó este mensaje",
    "Un admin., @, eliminó este mensaje",
    "El admin. @ eliminó este mensaje",
    "Este mensaje fue eliminado por un admin",
    "Este mensaje fue eliminado por el admin. @",
    "Este mensaje fue eliminado por @",
    "Eliminaste este mensaje como admin",
    "Diese Nachricht wurde von einem*einer Admin gelöscht",
    "Diese Nachricht wurde von Admin @ gelöscht",
    "Diese Nachricht wurde vom Admin gelöscht",
    "Diese Nachricht wurde vom Admin @ gelöscht",
    "Du hast diese Nachricht als Admin gelöscht",
    "Ce message a été supprimé par un ou une admin",
    "Ce message a été supprimé par un admin",
    "Ce message a été supprimé par l'admin @",
    "Ce message a été supprimé par l’admin @",
    "Vous avez supprimé ce message en tant qu'admin",
    "Questo messaggio è stato eliminato da un amministratore",
    "Questo messaggio è stato eliminato dall'amministratore @",
    "Questo messaggio è stato eliminato dall’amministratore @",
    "Dit bericht is verwijderd door een beheerder",
    "Dit bericht is verwijderd door beheerder @",
    "Dit bericht werd verwijderd door beheerder @",
    "Данное сообщение удалено админом",
    "Данное сообщение удалено админом @",
    "Данное сообщение удалено админом (@)",
    "Це повідомлення видалив адміністратор @",
    "Це повідомлення було видалено адміністратором",
    "Це повідомлення було видалено адміністратором @",
    "Ta wiadomość została usunięta przez administratora",
    "Ta wiadomość została usunięta przez administratora @",
    "Bu mesaj bir yönetici tarafından silindi",
    "Bu mesaj @ adlı yönetici tarafından silindi",
    "Bu mesaj yönetici @ tarafından silindi",
    "Pesan ini dihapus oleh admin",
    "Pesan ini dihapus oleh admin @",
    "Mesej ini telah dipadam oleh admin",
    "Mesej ini telah dipadam oleh admin @",
    "Mesej ini dipadam oleh admin @",
    "Det här meddelandet raderades av en admin",
    "Det här meddelandet raderades av administratören @",
    "Det här meddelandet raderades av admin @",
    "Denne besked blev slettet af en admin",
    "Denne besked blev slettet af admin @",
    "Denne besked blev slettet af administrator @",
    "Denne meldingen ble slettet av en admin",
    "Denne meldingen ble slettet av admin @",
    "Denne meldingen ble slettet av administrator @",
    "Ylläpitäjä poisti tämän viestin",
    "Ylläpitäjä @ poisti tämän viestin",
    "Tämän viestin poisti ylläpitäjä @",
    "Tato zpráva byla smazána správcem",
    "Tato zpráva byla smazána správcem @",
    "Tato zpráva byla odstraněna správcem @",
    "Táto správa bola odstránená správcom",
    "Táto správa bola odstránená správcom @",
    "Ezt az üzenetet egy admin törölte",
    "Ezt az üzenetet @ admin törölte",
    "Acest mesaj a fost șters de un administrator",
    "Acest mesaj a fost șters de administratorul @",
    "Αυτό το μήνυμα διαγράφηκε από διαχειριστή",
    "Αυτό το μήνυμα διαγράφηκε από τον διαχειριστή @",
    "Το μήνυμα διαγράφηκε από τον διαχειριστή @",
    "ההודעה נמחקה על ידי מנהל/ת",
    "ההודעה נמחקה על ידי @, מנהל/ת הקבוצה",
    "ההודעה נמחקה על ידי המנהל @",
    "ההודעה נמחקה על ידי המנהל/ת @",
    "حذف أحد المشرفين هذه الرسالة",
    "حذف المشرف @ هذه الرسالة",
    "تم حذف هذه الرسالة من قبل المشرف @",
    "یکی از مدیران این پیام را حذف کرد",
    "این پیام را مدیر (@) حذف کرد",
    "این پیام را مدیر @ حذف کرد",
    "यह मैसेज किसी एडमिन ने डिलीट कर दिया है",
    "यह मैसेज एडमिन @ ने डिलीट कर दिया है",
    "এই মেসেজটি একজন অ্যাডমিন মুছে ফেলেছেন",
    "এই মেসেজটি অ্যাডমিন @ মুছে ফেলেছেন",
    "یہ میسج ایک ایڈمن نے حذف کر دیا ہے",
    "یہ میسج ایڈمن @ نے حذف کر دیا ہے",
    "ข้อความนี้ถูกลบโดยแอดมิน",
    "ข้อความนี้ถูกลบโดยแอดมิน @",
    "Tin nhắn này đã bị quản trị viên xóa",
    "Tin nhắn này đã bị quản trị viên @ xóa",
    "管理员已删除这条消息",
    "管理员 @ 已删除这条消息",
    "此消息已被管理员 @ 删除",
    "管理員已刪除此訊息",
    "管理員 @ 已刪除此訊息",
    "此訊息已被管理員 @ 刪除",
    "このメッセージは管理者によって削除されました",
    "このメッセージは管理者 @ によって削除されました",
    "このメッセージは管理者@によって削除されました",
    "관리자가 이 메시지를 삭제했습니다",
    "관리자 @님이 이 메시지를 삭제했습니다",
    "이 메시지는 관리자 @님이 삭제했습니다",
    "Un administrador ha suprimit aquest missatge",
    "L'administrador @ ha suprimit aquest missatge",
    "Ovu je poruku izbrisao administrator",
    "Ovu je poruku izbrisao administrator @",
    "Ova je poruka izbrisana od strane administratora @",
    "Съобщението беше изтрито от администратор",
    "Съобщението беше изтрито от администратор @",
    "Това съобщение беше изтрито от администратор @",
    "لقد حذفت هذه الرسالة بصفتك مشرفًا",
    "অ্যাডমিন এই মেসেজটি বাদ দিয়েছেন",
    "অ্যাডমিন @ এই মেসেজটি বাদ দিয়েছেন",
    "আপনি অ্যাডমিন হিসেবে এই মেসেজটি বাদ দিয়েছেন",
    "Aquest missatge l'ha suprimit un administrador",
    "Aquest missatge l'ha suprimit un administrador: @",
    "Has suprimit aquest missatge com a administrador",
    "Tuto zprávu smazal jeden ze správců skupiny",
    "Tuto zprávu smazal jeden ze správců skupiny (@)",
    "Tuto zprávu jste odstranil/a jako správce",
    "Denne besked er blevet slettet af en administrator",
    "Denne besked er blevet slettet af administratoren @",
    "Du har slettet denne besked som administrator",
    "Αυτό το μήνυμα διαγράφηκε από έναν διαχειριστή",
    "Διαγράψατε το μήνυμα ως διαχειριστής",
    "شما به‌عنوان مدیر، این پیام را حذف کردید",
    "Ylläpitäjä, @, poisti tämän viestin",
    "Poistit tämän viestin ylläpitäjänä",
    "Scrios riarthóir an teachtaireacht seo",
    "Scrios @ (riarthóir) an teachtaireacht seo",
    "Scrios tú, mar an riarthóir, an teachtaireacht seo",
    "આ મેસેજ એડમિને ડિલીટ કર્યો હતો",
    "આ મેસેજ @ એડમિને ડિલીટ કરી દીધો છે",
    "એડમિન તરીકે તમે આ મેસેજ ડિલીટ કર્યો",
    "מחקת את ההודעה הזו כמנהל/ת",
    "आपने एडमिन के तौर पर यह मैसेज डिलीट किया है",
    "Izbrisali ste ovu poruku kao administrator",
    "Ezt az üzenetet az egyik admin eltávolította",
    "Ezt az üzenetet az egyik admin (@) eltávolította",
    "Törölted ezt az üzenetet adminként",
    "Anda menghapus pesan ini sebagai admin",
    "Hai eliminato questo messaggio come amministratore",
    "このメッセージは管理者により削除されました",
    "このメッセージは管理者(@)により削除されました",
    "管理者としてこのメッセージを削除しました",
    "이 메시지는 관리자에 의해 삭제되었습니다",
    "이 메시지는 관리자 @에 의해 삭제되었습니다",
    "관리자로서 이 메시지를 삭제했습니다",
    "हा मेसेज ॲडमिनने हटवला",
    "हा मेसेज @ या ॲडमिनने हटवला",
    "तुम्ही ॲडमिन म्हणून हा मेसेज हटवला आहे",
    "Mesej ini telah dipadamkan oleh pentadbir",
    "Mesej ini telah dipadamkan oleh pentadbir @",
    "Anda telah memadamkan mesej ini sebagai pentadbir",
    "Denne meldingen ble slettet av en administrator",
    "Du slettet denne meldingen som administrator",
    "U hebt dit bericht als beheerder verwijderd",
    "Tę wiadomość usunął administrator",
    "Tę wiadomość usunął administrator @",
    "Usunąłeś(-ęłaś) tę wiadomość jako administrator",
    "Mensagem apagada por um admin (você)",
    "Apagou esta mensagem enquanto administrador/a",
    "Acest mesaj a fost șters de un admin",
    "Acest mesaj a fost șters de admin, @",
    "Ați șters acest mesaj, ca admin",
    "Вы как админ удалили данное сообщение",
    "Túto správu odstránil správca",
    "Túto správu odstránil správca (@)",
    "Túto správu ste odstránili ako správca",
    "Det här meddelandet togs bort av en administratör",
    "Det här meddelandet togs bort av administratör @",
    "Du raderade det här meddelandet i egenskap av administratör",
    "ข้อความนี้ถูกลบโดยผู้ดูแล",
    "ข้อความนี้ถูกลบโดยผู้ดูแล @",
    "คุณได้ลบข้อความนี้ในฐานะผู้ดูแล",
    "Yönetici olarak bu mesajı sildiniz",
    "Адміністратор видалив це повідомлення",
    "Це повідомлення видалив адміністратор (@)",
    "Ви видалили це повідомлення від імені адміністратора",
    "آپ نے ایڈمن کے طور پر یہ میسج حذف کر دیا ہے",
    "Quản trị viên đã xóa tin nhắn này",
    "Quản trị viên @ đã xóa tin nhắn này",
    "Bạn đã xóa tin nhắn này trong vai trò quản trị viên",
    "管理員@已刪除此訊息",
    "您已使用管理員身份刪除此訊息",
    "您以管理员的身份删除了这条消息",
    "您已以管理員身分刪除此訊息",
    "Ce message a été supprimé par l'administrateur @",
    "Ce message a été supprimé par l’administrateur @",
    "El administrador @ eliminó este mensaje",
)
"""The whole text of a message that an admin deleted; ``@`` stands for the admin's name."""

_EDITED = (
    "Este mensaje se editó|Se ha editado este mensaje|Este mensaje ha sido editado|"
    "This message was edited|Mensagem editada|Esta mensagem foi editada|Essa mensagem foi editada|"
    "Se editó este mensaje|Este mensaje fue editado|Mensaje editado|Diese Nachricht wurde bearbeitet|"
    "Ce message a été modifié|Questo messaggio è stato modificato|Messaggio modificato|Dit bericht is bewerkt|"
    "Сообщение изменено|Это сообщение изменено|Данное сообщение изменено|"
    "Ta wiadomość była edytowana|Ta wiadomość została edytowana|Wiadomość edytowana|Bu mesaj düzenlendi|"
    "Pesan ini diedit|Pesan ini telah diedit|Acest mesaj a fost editat|Aquest missatge s'ha editat|"
    "ההודעה נערכה|הודעה זו נערכה|تم تعديل هذه الرسالة|تم تعديل هذا المحتوى|"
    "Це повідомлення було відредаговано|Це повідомлення відредаговано|Повідомлення відредаговано|"
    "Це повідомлення змінено|Повідомлення змінено|Mesej ini telah diedit|Mesej ini diedit|Mesej ini telah disunting|"
    "Det här meddelandet redigerades|Det här meddelandet har redigerats|Detta meddelande redigerades|"
    "Meddelandet redigerades|Denne besked blev redigeret|Denne besked er blevet redigeret|Beskeden blev redigeret|"
    "Denne meldingen ble redigert|Denne meldingen er redigert|Meldingen ble redigert|"
    "Tätä viestiä muokattiin|Tätä viestiä on muokattu|Viestiä muokattu|Viestiä muokattiin|"
    "Tato zpráva byla upravena|Zpráva byla upravena|Táto správa bola upravená|Správa bola upravená|"
    "Ez az üzenet szerkesztve lett|Az üzenet szerkesztve|Ezt az üzenetet szerkesztették|Szerkesztett üzenet|"
    "Αυτό το μήνυμα τροποποιήθηκε|Αυτό το μήνυμα υποβλήθηκε σε επεξεργασία|Το μήνυμα τροποποιήθηκε|"
    "Το μήνυμα υποβλήθηκε σε επεξεργασία|این پیام ویرایش شد|این پیام ویرایش شده است|پیام ویرایش شد|"
    "यह मैसेज एडिट किया गया|यह मैसेज एडिट किया गया है|इस मैसेज को एडिट किया गया|इस मैसेज को एडिट किया गया है|"
    "এই মেসেজটি এডিট করা হয়েছে|মেসেজটি এডিট করা হয়েছে|یہ میسج ایڈٹ کیا گیا|یہ میسج ایڈٹ کیا گیا ہے|"
    "اس میسج میں ترمیم کی گئی ہے|ข้อความนี้ถูกแก้ไข|ข้อความนี้ถูกแก้ไขแล้ว|แก้ไขข้อความนี้แล้ว|"
    "Tin nhắn này đã được chỉnh sửa|Tin nhắn này đã bị chỉnh sửa|Tin nhắn đã chỉnh sửa|Đã chỉnh sửa tin nhắn này|"
    "此消息已编辑|消息已编辑|这条消息已编辑|这条消息已被编辑|此消息已被编辑|已编辑此消息|"
    "此訊息已編輯|訊息已編輯|這則訊息已編輯|此訊息已被編輯|已編輯此訊息|已編輯訊息|"
    "このメッセージは編集されました|このメッセージは編集済みです|メッセージは編集されました|メッセージは編集済みです|"
    "이 메시지는 수정되었습니다|이 메시지가 수정되었습니다|이 메시지는 편집되었습니다|수정된 메시지입니다|편집된 메시지입니다|"
    "Ova je poruka uređena|Ova poruka je uređena|Poruka je uređena|Това съобщение бе редактирано|"
    "Това съобщение беше редактирано|Съобщението беше редактирано|Съобщението е редактирано"
)
EDITED = tuple(_EDITED.split("|"))
"""What stands in angle brackets at the end of an edited message."""

VIEW_ONCE = "view once|visualização única|visualización única|einmalig|vue unique|visualizza una volta|eenmalig"
"""Part of the notice that iOS puts for a photo or video that can be opened once; Android leaves its text empty."""

VIEW_ONCE_OMITTED = (
    "View once voice message omitted",
    "View once message omitted",
    "View once photo omitted",
    "View once video omitted",
)
"""What stands in angle brackets on Android for what could be opened once."""

_VIEW_ONCE_RECEIVED = (
    "لقد تلقيت رسالة للعرض مرة واحدة|لقد تلقيت رسالة يمكن عرضها مرة واحدة فقط|"
    "আপনি \"একবার দেখা যাবে\" এমন মেসেজ পেয়েছেন|আপনি 'একবার দেখা যাবে' এমন মেসেজ পেয়েছেন|"
    "has rebut un missatge que només es pot visualitzar una vegada|has rebut un missatge d'una visualització|"
    "obdržel/a jste zprávu s jednorázovým zobrazením|du har modtaget en besked med engangsvisning|"
    "du har modtaget en engangsvisningsbesked|du hast eine nachricht zur einmaligen ansicht erhalten|"
    "λάβατε ένα μήνυμα προβολής μίας φοράς|λάβατε ένα μήνυμα προβολής μόνο μία φορά|"
    "you received a view once message|recibiste un mensaje de visualización única|"
    "پیام یک‌بار قابل‌مشاهده‌ای دریافت کردید|پیام فقط یک‌بار قابل مشاهده دریافت کرده‌اید|"
    "sait vain kerran katsottavan viestin|vous avez reçu un message à vue unique|"
    "fuair tú teachtaireacht amhairc aonuaire|તમને એક વાર જોઈ શકાય તેવો મેસેજ મળ્યો છે|"
    "קיבלת הודעה שמוגדרת לצפייה חד פעמית|आपको एक बार देखा जा सकने वाला मैसेज मिला है|"
    "आपको 'एक बार देखा जा सकने वाला मैसेज' मिला है|primili ste poruku s jednokratnim prikazom|"
    "egyszer megtekinthető üzenetet kaptál|egy egyszer megtekinthető üzenetet kaptál|"
    "anda menerima pesan sekali lihat|hai ricevuto un messaggio visualizzabile una volta|"
    "1回表示のメッセージを受信しました|한 번만 표시되는 메시지를 받았습니다|한 번 보기 메시지를 받았습니다|"
    "तुम्हाला एकदाच पाहता येणारा मेसेज मिळाला|तुम्हाला एकदाच पाहता येणारा मेसेज प्राप्त झाला आहे|"
    "anda telah menerima mesej sekali paparan|anda telah menerima mesej lihat sekali|"
    "du har mottatt en melding som kan vises én gang|du mottok en melding med én visning|"
    "u hebt een bericht voor eenmalige weergave ontvangen|"
    "otrzymałeś(-aś) wiadomość do jednorazowego wyświetlenia|você recebeu uma mensagem de visualização única|"
    "recebeu uma mensagem de visualização única|ați primit un mesaj cu afișare unică|"
    "вы получили сообщение однократного просмотра|dostali ste správu na jedno pozretie|"
    "du har fått ett meddelande som visas en gång|du har fått ett meddelande som du kan visa en gång|"
    "bir kez görüntülendikten sonra kaybolacak bir mesaj aldınız|ви отримали одноразове повідомлення|"
    "отримано одноразове повідомлення|bạn đã nhận được tin nhắn xem một lần|bạn nhận được tin nhắn xem một lần|"
    "您收到閱後即删訊息|您收到了仅可查看一次的消息|您已收到一則單次檢視訊息|您已收到一則單次檢視的訊息"
)
VIEW_ONCE_RECEIVED = tuple(_VIEW_ONCE_RECEIVED.split("|"))
"""The first sentence of the notice that iOS puts for what can be opened once."""

_WAITING = (
    "في انتظار هذه الرسالة، قد يستغرق ذلك بعض الوقت|"
    "এই মেসেজের জন্য অপেক্ষা করা হচ্ছে। এর জন্য কিছুক্ষণ সময় লাগতে পারে|"
    "esperant aquest missatge. això pot tardar una estona|čeká se na tuto zprávu. může to chvíli trvat|"
    "venter på denne besked. det kan godt tage lidt tid|"
    "warte auf diese nachricht. das kann einen moment dauern|"
    "αναμονή για αυτό το μήνυμα. μπορεί να διαρκέσει λίγο|waiting for this message. this may take a while|"
    "esperando el mensaje. esto puede tomar tiempo|در انتظار برای این پیام. ممکن است قدری طول بکشد|"
    "odotetaan tätä viestiä. tässä saattaa kestää hetki|"
    "en attente de ce message. ceci pourrait prendre un moment|"
    "ag fanacht leis an teachtaireacht seo. seans go dtógfaidh sé tamall|"
    "આ મેસેજની રાહ જોવાય છે. એમાં થોડી વાર લાગી શકે છે|בהמתנה להודעה זו. פעולה זו עשויה להימשך קצת זמן|"
    "इस मैसेज को लोड होने में थोड़ा समय लग सकता है|čekanje na ovu poruku. ovo može potrajati|"
    "várakozás az üzenetre. ez eltarthat egy ideig|"
    "menunggu pesan ini. ini mungkin membutuhkan waktu beberapa saat|"
    "in attesa del messaggio. potrebbe volerci un po' di tempo|"
    "メッセージを待っています。しばらく時間がかかることがあります|"
    "메시지 암호화 대기중입니다. 다소 시간이 소요될 수 있습니다|"
    "या मेसेजची प्रतीक्षा करत आहोत. यासाठी कदाचित थोडा वेळ लागू शकतो|"
    "menunggu untuk mesej ini. ini mungkin mengambil seketika|venter på denne meldingen. dette kan ta litt tid|"
    "wachten op dit bericht. dit kan even duren|oczekiwanie na tę wiadomość. to może chwilę potrwać|"
    "aguardando mensagem. essa ação pode levar alguns instantes|"
    "a aguardar pela mensagem. isto pode demorar um pouco|se așteaptă mesajul. procesul poate dura ceva timp|"
    "ожидание сообщения. это может занять некоторое время|čaká sa na túto správu. táto akcia môže chvíľu trvať|"
    "väntar på meddelande. detta kan ta en stund|กำลังรอข้อความนี้ อาจใช้เวลาสักครู่|"
    "mesaj bekleniyor. bu biraz zaman alabilir|очікування повідомлення. це може зайняти деякий час|"
    "اس میسج کا انتظار ہے۔ اس میں کچھ وقت لگ سکتا ہے|"
    "đang chờ ghi chú thanh toán này. bạn có thể phải chờ một lúc|正在等待此訊息，請耐心等候|"
    "正在等待信息，可能需要一段时间|正在等待訊息，此可能需要一段時間"
)
WAITING = tuple(_WAITING.split("|"))
"""The whole text of a message that iOS had not decrypted yet."""

POLL = (
    "poll|głosowanie|enquete|sondagem|encuesta|umfrage|sondage|sondaggio|peiling|опрос|опитування|ankieta|anket|polling|"
    "jajak pendapat|tinjauan pendapat|undian|omröstning|afstemning|avstemning|kysely|äänestys|anketa|hlasování|"
    "hlasovanie|szavazás|sondaj|δημοσκόπηση|ψηφοφορία|סקר|استطلاع|استطلاع رأي|تصويت|نظرسنجی|पोल|পোল|পোল|پول|โพล|"
    "แบบสำรวจ|bình chọn|khảo sát|cuộc thăm dò ý kiến|投票|アンケート|투표|설문조사|enquesta|анкета|проучване"
)
LOCATION = (
    "position|ligging|الموقع|məkan|местоположение|অবস্থান|ubicació|poloha|placering|Standort|"
    "τοποθεσία|ubicación|asukoht|موقعیت|sijainti|localisation|સ્થળ|מיקום|स्थान|lokacija|Helyzet|"
    "lokasi|posizione|位置情報|орналасуы|ಸ್ಥಳ|위치|buvimo vieta|atrašanās vieta|локација|സ്ഥലം|"
    "posisjon|locatie|ਟਿਕਾਣਾ|położenie|localização|locație|Vendndodhja|plats|Mahali|இருப்பிடம்|"
    "స్థలం|ตำแหน่งที่ตั้ง|lokasyon|konum|місцезнаходження|مقام|joylashuv|vị trí|位置|location"
)
"""Before the link of a place."""
_LIVE_LOCATIONS = (
    "live location shared|localização em tempo real compartilhada|"
    "localização atual compartilhada|ubicación en tiempo real compartida|"
    "Live-Standort wird geteilt|regstreekse ligging gedeel|تمت مشاركة الموقع المباشر|"
    "canlı məkan paylaşılıb|местоположение в реално време споделено|লাইভ অবস্থান শেয়ার করা হয়েছে|"
    "Ubicació en directe compartida|byla sdílena aktuální poloha|live placering delt|"
    "η τωρινή τοποθεσία κοινοποιήθηκε|hetke asukoht jagatud|مکان زنده به اشتراک گذاشته شد|"
    "live-sijainti jaettu|Localisation en direct partagée|જીવંત સ્થાન શેર કરાયું|"
    "משתף מיקום בשידור חי|लाइव स्थान साझा किया गया|trenutna lokacija podijeljena|"
    "tartózkodási hely megosztva|Lokasi terkini dibagikan|posizione attuale condivisa|"
    "ライブロケーション共有|қазіргі орынмен бөлісті|ನೇರ ಸ್ಥಳ ಹಂಚಿಕೊಳ್ಳಲಾಗಿದೆ|공유한 실시간 위치|"
    "tiesioginė vieta bendrinama|reāllaika atrašanās vieta|споделено локација во живо|"
    "ലൈവ് ലൊക്കേഷൻ പങ്കിട്ടു|सध्याचे थेट ठिकाण शेअर केले|lokasi terkini dikongsi|"
    "posisjon i sanntid delt|live locatie gedeeld|ਮੌਜੂਦਾ ਟਿਕਾਣਾ ਸਾਂਝਾ ਕੀਤਾ|"
    "udostępniona transmisja położenia|Está a partilhar a sua localização|"
    "locație în timp real distribuită|Геоданные отправлены|bola zdieľaná aktuálna poloha|"
    "lokacija v živo je bila deljena|vendnodhja aktuale u shpërnda|Локација уживо подељена|"
    "liveposition delad|mahali mubashara pameshirikishwa|இடம் நேரலையாக பகிரபட்டது|"
    "ప్రత్యక్ష స్థాన భాగస్వామ్యం|ตำแหน่งปัจจุบันถูกแบ่งปัน|ibinahagi ang live na lokasyon|"
    "Mevcut konum paylaşıldı|геодані надіслано|جاری مقام کا اشتراک ہوا|jonli joylashuv ulashildi|"
    "vị trí hiện thời được chia sẻ|共享实时位置|實時位置已分享"
)
LIVE_LOCATIONS = tuple(
    form for text in _LIVE_LOCATIONS.split("|") for form in dict.fromkeys((text, text[:1].upper() + text[1:]))
)
"""The whole text of a live location."""

_MISSED_CALLS = (
    "Missed voice call|Missed video call|Missed group voice call|Missed group video call|"
    "Silenced voice call|Silenced video call|Chamada de voz perdida|Chamada de vídeo perdida|"
    "Ligação de voz perdida|Ligação de vídeo perdida|Chamada de voz não atendida|"
    "Videochamada não atendida|Videochamada perdida|Llamada perdida|Llamada de voz perdida|"
    "Videollamada perdida|Verpasster Sprachanruf|Verpasster Videoanruf|Appel vocal manqué|"
    "Appel vidéo manqué|Chiamata vocale persa|Videochiamata persa|Gemiste spraakoproep|"
    "Gemiste video-oproep|Gemist spraakgesprek|Gemist videogesprek|Stemoproep gemis|"
    "مكالمة صوتية فائتة|Buraxılmış zəng|Пропуснато гласово обаждане|মিসড ভয়েস কল|"
    "Trucada de veu perduda|Zmeškaný hlasový hovor|Mistet opkald|Αναπάντητη κλήση|"
    "Vastamata häälkõne|تماس صوتی پاسخ داده نشده|Vastaamaton äänipuhelu|છૂટી ગયેલ ધ્વનિ કૉલ|"
    "שיחה קולית שלא נענתה|छूटी हुई ध्वनि कॉल|Propušten glasovni poziv|Nem fogadott hanghívás|"
    "Panggilan suara tak terjawab|不在着信|Жауапсыз қоңырау|ತಪ್ಪಿದ ಧ್ವನಿ ಕರೆ|부재중 전화|"
    "Praleistas balso skambutis|Neatbildēts balss zvans|Пропуштен гласовен повик|"
    "വിളി നഷ്ടപ്പെട്ടു|मिस्ड व्हॉइस कॉल|Panggilan suara terlepas|Tapt taleanrop|ਮਿਸ ਹੋਈ ਆਵਾਜ਼ ਕਾਲ|"
    "Nieodebrane połączenie|Apel vocal nepreluat|Пропущенный аудиозвонок|Zgrešen klic|"
    "Thirrje e shmangur|Пропуштен гласовни позив|Missat röstsamtal|Simu ya sauti uliyoikosa|"
    "தவறிய குரல் அழைப்பு|మిస్సేడ్ వాయిస్ కాల్|สายที่ไม่ได้รับ|Nakaligtaang voice call|"
    "Cevapsız sesli arama|Пропущений аудіодзвінок|چھوٹی ہوئی صوتی کال|"
    "O‘tkazib yub. ovozli qo‘ng‘iroq|Cuộc gọi nhỡ|未接语音通话|未接語音通話|Video-oproep gemis|"
    "مكالمة فيديو فائتة|Buraxılmış video zəng|Пропуснато видео обаждане|মিস করা ভিডিও কল|"
    "Trucada de vídeo perduda|Zmeškaný videohovor|Mistede video opkald|Αναπάντητη βιντεοκλήση|"
    "Vastamata videokõne|تماس تصویری پاسخ داده نشده|Vastaamaton videopuhelu|છૂટી ગયેલ વિડિઓ કૉલ|"
    "שיחת וידאו שלא נענתה|छूटी हुई विडियो कॉल|Propušten video poziv|Nem fogadott videóhívás|"
    "Panggilan video tak terjawab|ビデオ通話不在着信|Жауапсыз видео қоңырау|ತಪ್ಪಿದ ದೃಶ್ಯ ಕರೆ|"
    "부재중 영상통화|Praleistas video skambutis|Neatbildēts video zvans|Пропуштен видео повик|"
    "നഷ്ടമായ വീഡിയോ കാൾ|मिस्ड व्हिडिओ कॉल|Panggilan video terlepas|Tapt videosamtale|"
    "ਮਿਸ ਹੋਈ ਵੀਡੀਓ ਕਾਲ|Nieodebrane poł. wideo|Apel video nepreluat|Пропущенный видеозвонок|"
    "Neodgovorjen video klic|Videothirrje e shmangur|Пропуштен видео позив|Missat videosamtal|"
    "Simu ya video uliyoikosa|தவறிய காணொலி அழைப்பு|తప్పిన వీడియోకాల్|สายโทรวิดีโอที่ไม่ได้รับ|"
    "Nakaligtaang video call|Cevapsız görüntülü arama|Пропущений відеодзвінок|"
    "چھوٹی ہوئی ویڈیو کال|O‘tkazib yub. videoqo‘ng‘iroq|Cuộc gọi nhỡ video|未接视频通话|"
    "未接視像通話|वॉइस कॉल मिस हुई|वीडियो कॉल मिस हुई|मिस्ड वॉइस कॉल|मिस्ड वीडियो कॉल|"
    "音声通話不在着信|ভয়েস কল মিস করেছেন|ভিডিও কল মিস করেছেন|مسڈ وائس کال|مسڈ ویڈیو کال|"
    "วิดีโอคอลที่ไม่ได้รับ|Missat samtal|Zmeškaný hovor|Nieodebrane poł. głosowe|"
    "Apel vocal ratat|Apel video ratat|Tapt videoanrop|Nem fogadott videohívás|"
    "Propušteni glasovni poziv|Propušteni videopoziv|Ubesvaret taleopkald|Ubesvaret videoopkald|"
    "Videotrucada perduda|Αναπάντητη φωνητική κλήση|未接視訊通話|未接視訊電話|未接語音電話|"
    "فوتت مكالمة صوتية|"
    "مكالمة صوتية جماعية فائتة|مكالمة فيديو جماعية فائتة|ভয়েস কল মিস করেছেন|মিস হওয়া গ্রুপ ভয়েস কল|"
    "মিস হওয়া গ্রুপ ভিডিও কল|Trucada de veu en grup perduda|Videotrucada de grup perduda|"
    "Zmeškaný skupinový hovor|Zmeškaný skupinový videohovor|Ubesvaret gruppetaleopkald|"
    "Ubesvaret gruppevideoopkald|Verpasster Gruppen-Sprachanruf|Verpasster Gruppen-Videoanruf|"
    "Αναπάντητη ομαδική φωνητική κλήση|Αναπάντητη ομαδική βιντεοκλήση|Αναπάντητη Ομαδική Κλήση Ήχου|"
    "Llamada grupal perdida|Videollamada grupal perdida|تماس تصویری بی‌پاسخ|تماس صوتی گروهی پاسخ داده نشده|"
    "تماس تصویری گروهی پاسخ داده نشده|Vastaamaton ryhmä-äänipuhelu|Vastaamaton ryhmävideopuhelu|"
    "Appel vocal de groupe manqué|Appel vidéo de groupe manqué|Guthghlao caillte|Glao Gutha Caillte|"
    "Físghlao caillte|Guthghlao grúpa a cailleadh|Físghlao grúpa a cailleadh|Cailleadh Guthghlao do Ghrúpa|"
    "છૂટી ગયેલો વોઇસ કૉલ|છૂટેલો વોઇસ કૉલ|છૂટી ગયેલ વિડિયો કૉલ|છૂટી ગયેલાં ગ્રૂપ વોઇસ કૉલ|"
    "છૂટી ગયેલો ગ્રૂપ વીડિયો કૉલ|છૂટી ગયેલો ગ્રૂપ વોઇસ કૉલ|שיחה קולית קבוצתית שלא נענתה|"
    "שיחת וידאו קבוצתית שלא נענתה|ग्रुप वॉइस कॉल मिस हुई|मिस्ड ग्रुप वीडियो कॉल|मिस्ड ग्रुप वॉइस कॉल|"
    "Propušteni grupni glasovni poziv|Propušteni grupni videopoziv|Nem fogadott csoportos hanghívás|"
    "Nem fogadott csoportos videohívás|Panggilan suara grup tak terjawab|Panggilan video grup tak terjawab|"
    "Chiamata vocale di gruppo persa|Videochiamata di gruppo persa|グループ音声通話不在着信|"
    "グループビデオ通話不在着信|부재중 그룹 통화|부재중 그룹 영상통화|मिस्ड ग्रुप व्हॉइस कॉल|मिस्ड ग्रुप व्हिडिओ कॉल|"
    "Panggila suara terlepas|Panggilan suara grup terlepas|Panggilan video grup terlepas|"
    "Panggilan Video Kumpulan Terlepas|Panggilan Suara Grup Tidak Dijawab|Tapt gruppetaleanrop|"
    "Tapt gruppevideoanrop|Gemist groepsgesprek|Gemist groepsvideogesprek|Nieodebrane grup. poł. głosowe|"
    "Nieodebrane grupowe poł. wideo|Chamada de voz em grupo perdida|Chamada de vídeo em grupo perdida|"
    "Videochamada em grupo perdida|Apel vocal de grup ratat|Apel video de grup ratat|"
    "Пропущенный групповой аудиозвонок|Пропущенный групповой видеозвонок|Missat gruppröstsamtal|"
    "Missat gruppvideosamtal|สายโทรเสียงแบบกลุ่มที่ไม่ได้รับ|วิดีโอคอลกลุ่มที่ไม่ได้รับ|Cevapsız sesli grup araması|"
    "Cevapsız görüntülü grup araması|Пропущений груповий аудіодзвінок|Пропущений груповий відеодзвінок|"
    "مسڈ گروپ وائس کال|مسڈ گروپ ویڈیو کال|Cuộc gọi nhỡ nhóm|Cuộc gọi nhỡ video nhóm|未接群組語音通話|"
    "未接群組視像通話|未接群组语音通话|未接群组视频通话|Nieodebrane połączenie głosowe|Nieodebrane połączenie wideo|"
    "부재중 음성 통화|부재중 음성통화|부재중 영상 통화|未接語音來電|未接視訊來電|未接语音来电|未接视频来电|"
    "音声通話の不在着信|ビデオ通話の不在着信|Пропущенный голосовой звонок|Пропущенный голосовой вызов|"
    "Пропущенный видеовызов|Пропущений голосовий дзвінок|Llamada de video perdida|Appel audio manqué|"
    "Chamada de áudio perdida|Ligação de voz não atendida|Ligação de vídeo não atendida|Sprachanruf verpasst|"
    "Videoanruf verpasst|Gemiste spraakoproep|Gemiste videoproep|Missat videosamtal|Panggilan video tidak dijawab|"
    "Panggilan suara tidak dijawab|Cevapsız görüntülü çağrı|Nieodebrana rozmowa wideo"
)
MISSED_CALLS = tuple(_MISSED_CALLS.split("|"))
"""The whole text of a missed call; on iOS more may follow."""

_CALLS = (
    "Voice call|Video call|Chamada de voz|Chamada de vídeo|Videochamada|Ligação de voz|Ligação de vídeo|"
    "Llamada|Videollamada|Sprachanruf|Videoanruf|Appel vocal|Appel vidéo|Chiamata vocale|Videochiamata|"
    "Spraakoproep|Video-oproep|Аудиозвонок|Видеозвонок|Sesli arama|Görüntülü arama|Panggilan suara|"
    "Panggilan video|مكالمة صوتية|مكالمة فيديو|مكالمة جماعية|مكالمة صوتية جماعية|مكالمة فيديو جماعية|"
    "مكالمة لم يرد عليها|لم يتم الرد عليها|تم رفض المكالمة|تم إلغاء المكالمة|ভয়েস কল|ভয়েস কল|ভিডিও কল|গ্রুপ কল|"
    "গ্রুপ ভয়েস কল|গ্রুপ ভিডিও কল|কলের উত্তর দেওয়া হয়নি|উত্তর দেননি|কল প্রত্যাখ্যান করা হয়েছে|কল বাতিল করা হয়েছে|"
    "Trucada de veu|Videotrucada|Trucada de grup|Trucada de veu en grup|Videotrucada de grup|"
    "trucada no contestada|No ha respost|trucada rebutjada|trucada cancel·lada|Hlasový hovor|Hovor|Videohovor|"
    "Skupinový hovor|Skupinový videohovor|nepřijato|Nezodpovězeno|Hovor byl odmítnut|hovor zrušen|Taleopkald|"
    "Videoopkald|Gruppeopkald|Gruppetaleopkald|Gruppevideoopkald|opkald ikke besvaret|Svarede ikke|"
    "opkald afvist|opkald annulleret|Gruppenanruf|Gruppen-Sprachanruf|Gruppen-Videoanruf|"
    "Anruf nicht beantwortet|Antwortet nicht|Anruf abgelehnt|Anruf abgebrochen|Φωνητική κλήση|Βιντεοκλήση|"
    "Ομαδική κλήση|Ομαδική φωνητική κλήση|Ομαδική βιντεοκλήση|η κλήση δεν απαντήθηκε|Δεν απάντησε|"
    "η κλήση απορρίφθηκε|η κλήση ακυρώθηκε|Group call|Group Voice Call|Group Video Call|call not answered|"
    "Didn't answer|call declined|call canceled|Llamada grupal|Videollamada grupal|llamada sin respuesta|"
    "No respondió|llamada rechazada|llamada cancelada|تماس صوتی|تماس تصویری|تماس گروهی|تماس صوتی گروهی|"
    "تماس تصویری گروهی|تماس بی پاسخ|پاسخ نداد|تماس رد شد|تماس لغو شد|Äänipuhelu|Videopuhelu|Ryhmäpuhelu|"
    "Ryhmä-äänipuhelu|Ryhmävideopuhelu|puheluun ei vastattu|Ei vastannut|puhelu hylätty|puhelu peruttiin|"
    "Appel de groupe|Appel vocal de groupe|Appel vidéo de groupe|appel sans réponse|"
    "Votre contact n'a pas répondu|appel refusé|appel annulé|Guthghlao|Físghlao|Grúpghlao|Guthghlao Grúpa|"
    "Grúp-Fhísghlao|Grúp-Ghuthghlao|glao gan freagairt|Níor freagraíodh é|diúltaíodh don ghlao|"
    "cuireadh an glao ar ceal|વોઇસ કૉલ|વીડિયો કૉલ|ગ્રૂપ કૉલ|ગ્રૂપ વોઇસ કૉલ|ગ્રૂપ વીડિયો કૉલ|કૉલ ઉપાડ્યો નહિ|"
    "જવાબ ન આપ્યો|કૉલ નકાર્યો|કૉલ રદ કરાયો|שיחה קולית|שיחת וידאו|שיחה קבוצתית|שיחה קולית קבוצתית|"
    "שיחת וידאו קבוצתית|שיחה שלא נענתה|לא ענה/תה|שיחה נדחתה|שיחה שבוטלה|वॉइस कॉल|वीडियो कॉल|ग्रुप कॉल|"
    "ग्रुप वॉइस कॉल|ग्रुप वीडियो कॉल|कॉल का जवाब नहीं दिया गया|जवाब नहीं दिया|कॉल काटी गई|कॉल कैंसिल की गई|"
    "Glasovni poziv|Videopoziv|Grupni poziv|Grupni glasovni poziv|Grupni videopoziv|na poziv nije odgovoreno|"
    "Nije odgovorio/la|poziv odbijen|Poziv otkazan|Hanghívás|Videohívás|Csoportos hívás|Csoportos hanghívás|"
    "Csoportos videohívás|nem fogadott hívás|Nem fogadta a hívást|hívás elutasítva|elutasított hívás|"
    "Panggilan grup|Panggilan Suara Grup|Panggilan Video Grup|panggilan tak terjawab|Tidak menjawab|"
    "panggilan ditolak|panggilan dibatalkan|Videochiama|Chiamata di gruppo|Chiamata vocale di gruppo|"
    "Videochiamata di gruppo|chiamata senza risposta|Non ha risposto|chiamata rifiutata|chiamata annullata|"
    "音声通話|ビデオ通話|グループ通話|グループ音声通話|グループビデオ通話|応答なし|通話が切断|"
    "キャンセルされた通話|음성통화|영상통화|그룹 통화|그룹 음성통화|그룹 영상통화|응답없음|응답하지 않습니다|"
    "통화 거부|취소된 통화|व्हॉइस कॉल|व्हिडिओ कॉल|ग्रुप व्हॉइस कॉल|ग्रुप व्हिडिओ कॉल|कॉलचे उत्तर दिले नाही|"
    "उत्तर दिले नाही|कॉल नाकारला|कॉल रद्द केला गेला|panggilan tidak dijawab|Taleanrop|Videoanrop|Gruppeanrop|"
    "Gruppetaleanrop|Gruppevideoanrop|anrop ikke besvart|Svarte ikke|anrop avvist|anrop avbrutt|Spraakgesprek|"
    "Videogesprek|Groepsgesprek|Groepsvideogesprek|gesprek niet beantwoord|Neemt niet op|gesprek geweigerd|"
    "gesprek geannuleerd|Poł. głosowe|Połączenie głosowe|Poł. wideo|Połączenie grupowe|Grupowe poł. głosowe|"
    "Grupowe połączenie wideo|Grupowe połączenie głosowe|Nieodebrano|połączenie odrzucone|połączenie anulowane|"
    "Chamada em grupo|Chamada de voz em grupo|Chamada de vídeo em grupo|chamada perdida|Não atendeu|"
    "chamada recusada|chamada cancelada|Chamada de grupo|Videochamada em grupo|sem resposta|Apel vocal|"
    "Apel video|Apel de grup|Apel vocal de grup|Apel video de grup|apel nepreluat|Fără răspuns|apel refuzat|"
    "apel anulat|Групповой звонок|Групповой аудиозвонок|Групповой видеозвонок|Неотвеченный|Звонок не отвечен|"
    "звонок отклонён|вызов отменен|Skupinový hlasový hovor|neprijatý hovor|Nezodpovedaný|hovor odmietnutý|"
    "hovor zrušený|Röstsamtal|Videosamtal|Gruppsamtal|Gruppröstsamtal|Gruppvideosamtal|samtal obesvarat|"
    "Svarade inte|samtal avvisat|samtal avbröts|การโทรเสียง|วิดีโอคอล|การโทรกลุ่ม|การโทรเสียงแบบกลุ่ม|วิดีโอคอลกลุ่ม|"
    "ไม่มีผู้รับสาย|ไม่รับสาย|สายถูกปฏิเสธ|การโทรถูกยกเลิก|Grup araması|Sesli Grup Araması|Görüntülü Grup Araması|"
    "arama cevaplanmadı|Cevap vermedi|arama reddedildi|arama iptal edildi|Аудіодзвінок|Відеодзвінок|"
    "Груповий дзвінок|Груповий аудіодзвінок|Груповий відеодзвінок|дзвінок без відповіді|Не відповідає|"
    "дзвінок відхилено|дзвінок скасовано|وائس کال|ویڈیو کال|گروپ کال|گروپ وائس کال|گروپ ویڈیو کال|"
    "کال کا جواب نہیں دیا گیا|جواب نہیں دیا|کال منقطع کی گئی|کال منسوخ کی گئی|Cuộc gọi thoại|Cuộc gọi video|"
    "Cuộc gọi nhóm|Cuộc gọi thoại nhóm|Cuộc gọi video nhóm|cuộc gọi không được trả lời|Không trả lời|"
    "cuộc gọi bị từ chối|cuộc gọi bị hủy|語音通話|視像通話|群組通話|群組語音通話|群組視像通話|未有接聽|"
    "已拒絕通話|通話已取消|语音通话|视频通话|群组通话|群组语音通话|群组视频通话|呼叫未应答|未接听|通话被拒绝|"
    "通话已取消|通話未應答|未接聽|通話遭拒絕|No answer|Sem resposta|Sin respuesta|Keine Antwort|Pas de réponse|"
    "Nessuna risposta|Geen antwoord|Нет ответа|Cevap yok|Tidak ada jawaban|無回應|无应答|"
    "Answered on other device|Silenced voice call|Silenced video call|Declined voice call|Declined video call|"
    "Llamada de voz|Llamada de voz grupal|Group voice call|Group video call"
)
CALLS = tuple(_CALLS.split("|"))
"""What the line of a call begins with on iOS, where a mark shows that nobody typed it."""

NOTICE_BEFORE_COLON = (
    r"your security code with .*|"
    r".* (?:changed|has changed) (?:the|this group's) .*|.* created (?:the )?group .*|.* changed the subject .*|"
    r".* (?:mudou|alterou) (?:o|a|os|as) .*|.* criou o grupo .*|.* cambió (?:el|la|los|las) .*|.* creó el grupo .*|"
    r".* hat (?:den|die|das) .* geändert.*|.* hat die gruppe .*|.* a (?:changé|modifié) .*|.* a créé le groupe .*|"
    r"(?:.* )?(?:joined|added|removed) .*\b(?:to|via|from|in) the community|.* created the community|"
    r".* (?:adicionou|removeu) .* (?:à|da) comunidade|.* (?:añadió|agregó|quitó) .* (?:a|de) la comunidad|"
    r".* heeft (?:het|de) .* (?:gewijzigd|gemaakt|aangemaakt).*|.* ha (?:cambiato|modificato) (?:il|la|l['’]).*|"
    r"you(?: are|'re|’re) now chatting with a .*"
)
"""An "author" that is the first half of an Android notice with a colon in it: ``Ana changed the subject to: Roma``."""

NOTICE_IOS = (
    "(?:をピン留めしました|고정했습니다|を追加しました|を退出しました|を削除しました|を退出させました|추가했습니다|삭제했습니다|만들었습니다|나갔습니다|"
    "eklediniz|oluşturdunuz|değiştirdiniz|çıkardınız|çıktınız)$|"
    "end-to-end|criptografia de ponta a ponta|encriptadas ponto a ponto|cifrados? de extremo a extremo|"
    "ende-zu-ende|chiffrés de bout en bout|сквозным шифрованием|наскрізним шифруванням|uçtan uca şifre|"
    "端對端加密|端到端加密|エンドツーエンド|종단간 암호화|מוצפנות מקצה|مشفرة تمامًا|رمزگذاری شده|اینڈ ٹو اینڈ|"
    "tap to learn more|secure service from meta|toque para saber mais|pulsa para obtener más|toca para obtener más|"
    "tippe, um mehr zu erfahren|appuyez pour en savoir plus|tocca per saperne di più|tik voor meer informatie|"
    "подробнее$|торкніться, щоб дізнатися|daha fazla bilgi edinmek için|ketuk untuk info|点击了解更多|點擊以了解更多|"
    "タップして詳細|더 알아보려면|יש להקיש לקבלת|انقر هنا لمعرفة|برای کسب اطلاعات بیشتر|مزید جاننے کیلئے|"
    "biztonsági kódja|보안 코드가 변경|güvenlik kodu|सुरक्षा कोड|સુરક્ષા કોડ|নিরাপত্তা কোড|سیکیورٹی کوڈ|安全代码|安全代碼|安全碼|安全码|"
    "セキュリティコード|^グループ(?:作成者|の参加者|設定)|^te uniste|^artık bu|^a csoport létrehozója|"
    "security code|código de segurança|código de seguridad|sicherheitsnummer|code de sécurité|codice di sicurezza|"
    "קוד האבטחה|קוד אבטחה|رمز أمان|کد امنیتی|created (?:this |the )?group|criou (?:este|o) grupo|"
    "creó (?:este|el) grupo|hat (?:diese|die) gruppe|a créé (?:ce|le) groupe|ha creato (?:questo|il) gruppo|"
    "הקבוצה נוצרה|יצר/ה את הקבוצה|הצטרף/ה|צירף/ה|צורפת|צירפת|עזב/ה|הוסר/ה|השתנה על ידי|שינה/תה|הודעות נעלמות|"
    "disappearing messages|message timer|business account|blocked this|pinned a message|"
    "^you (?:added|removed|changed|created|left|joined|turned|updated|pinned|blocked|unblocked) |"
    "^you(?: are|'re|’re) now an admin|^você (?:adicionou|removeu|mudou|alterou|criou|saiu|entrou)|"
    "^du hast .* (?:hinzugefügt|entfernt|geändert|erstellt)|^du (?:wurdest|bist)"
)
"""Part of a notice that iOS writes behind a name and a mark, as if that person had said it."""

_NOTICE_STARTS = {
    "ar": (
        "أزالت جهة الاتصال|أزلت مجموعة واحدة|أصبحت الآن مشرفاً|أصبحت الرسائل والمكالمات|أضاف المشرف|"
        "أضافت جهة الاتصال|أضافتك جهة الاتصال|أضافك شخص ليس|أعادت جهة الاتصال|أعدت تعيين رابط|أنت أزلت|"
        "أنت أضفت|أنت أنشأت المجموعة|أنت أنشأت قائمة|أنت أنشأت مجموعة|أنت أنشأت هذه|أنت حذفت أيقونة|أنت غادرت|"
        "أنت غيرت أيقونة|أنت غيّرت اسم|أنت غيّرت وصف|أنت لم تعد|أنشأت جهة الاتصال|أوقفت جهة الاتصال|أَضاف المشرف|"
        "إن الرسائل التي|الرسائل والمكالمات مشفرة|انضمت جهة الاتصال|بات هذا الحساب|باتت الرسائل التي|"
        "بدأت جهة الاتصال|بدأت مكالمة فيديو|تتم مشاركة رقم|تجري هذه الدردشة|تظل إمكانية الاطلاع|"
        "تغيّر المشاركون في|تغيّر رمز أمانك|تم إيقاف تفعيل|تم إيقاف خاصية|تم تغيير إعدادات|تم تفعيل الرسائل|"
        "تم تفعيل خاصية|تمت إزالة|تمت إضافة|تمت إضافتك|تمت استعادة هذا|تمّت إزالتك|تُجرى هذه الدردشة|"
        "تُجرى هذه المحادثة|حذف أحد المشاركين|حذفت جهة الاتصال|رقم هاتفك لم|طلبت جهة الاتصال|عطّلت جهة الاتصال|"
        "غير مسموح لهذا|غيرت جهة الاتصال|غيّر أحد المشاركين|غيّرت جهة الاتصال|غيَّرت جهة الاتصال|فعّلت جهة الاتصال|"
        "في انتظار هذه|قام مُنشِئ المجموعة|كان هذا الحساب|لا يظهر رقم|لقد أزلت المجموعات|لقد أزلت المجموعة|"
        "لقد أزلت المجموعتين|لقد أزلت مجموعة|لقد أزلت هذه|لقد أضفت المجموعات|لقد أضفت المجموعة|"
        "لقد أضفت المجموعتين|لقد أضفت مجموعة|لقد أضفت هذه|لقد أنشأت المجتمع|لقد أنشأت مجتمع|لقد أوقفت اشتراط|"
        "لقد أوقفت تشغيل|لقد أوقفت تفعيل|لقد أوقفت خاصية|لقد أَضفت هذه|لقد انضممت أنت|لقد انضممت إلى|"
        "لقد انضممت من|لقد بدأت مكالمة|لقد بدأتَ مكالمة|لقد تلقيت رسالة|لقد تمت إضافتك|لقد حدَّثت جهة|"
        "لقد حدَّثت مؤقِّت|لقد حذفت أيقونة|لقد حذفت هذه|لقد حذَفت هذه|لقد حظرت جهة|لقد حظرت هذا|لقد رفعت الحظر|"
        "لقد عطّلت المجتمع|لقد غادرت|لقد غيرت أيقونة|لقد غيرت اسم|لقد غيرت جهة|لقد غيّر أحد|لقد غيّرت إعدادات|"
        "لقد غيّرت اسم|لقد غيّرت جهة|لقد غيّرت وصف|لقد غيَّرت إعدادات|لقد غيَّرت جهة|لقد فعّلت اشتراط|لقد فعّلت خاصية|"
        "لقد فعّلت موافقة|لم تتم مشاركة|لم تزل جهة|لم تعد عضوًا|لم تعد مشاركًا|لم تعد هذه|لم تقم بإزالة|لم تُضف أي|"
        "لم يضف المشرف|لم يعد|مُنشِئ المجموعة هو|هذا الحساب مسجّل|يستخدم هذا النشاط|يظهر رقم هاتفك|يعمل هذا النشاط"
    ),
    "bn": (
        "অনেকবার ফরোয়ার্ড|অনেকবার ফরোয়ার্ড|আপনাকে এই কমিউনিটিতে|আপনাকে এই গ্রুপ|আপনাকে যোগ করা|আপনাকে সরানো|"
        "আপনার আমন্ত্রণ|আপনার তৈরি|আপনার পরিচিতিতে|আপনার ফোন নম্বর|আপনার ফোন নম্বরটি|আপনার ব্যাঙ্কে|আপনি|এই অ্যাকাউন্ট|"
        "এই অ্যাকাউন্টটি|এই অ্যাপে|এই গ্রুপ এবং|এই গ্রুপটি|এই চ্যাট ম্যানেজ|এই চ্যাটটি|এই চ্যাটে|এই চ্যাটের|"
        "এই ফোনে আপনার|এই মেসেজের|একজন সদস্য|এন্ড-টু-এন্ড এনক্রিপ্টেড|গ্রুপের প্রণেতা|গ্রুপের সদস্য|মেসেজ এবং কল|"
        "শুধুমাত্র অ্যাডমিনদের|সব প্রাপকদের|সব প্রাপকের|সব সদস্যদের|সব সদস্যের|সাময়িক মেসেজ|স্ট্যাটাস আপডেটের|"
        "স্প্যামের জন্য"
    ),
    "ca": (
        "aquest compte|aquest era un|aquest grup|aquest negoci|aquest xat està|aquest xat és|aquesta empresa|"
        "ara aquest|ara aquesta|ara els missatges|ara ets administrador|el creador|el missatges|el teu codi|"
        "el teu número|els missatges|els participants|esperant aquest|esperant aquesta|grup creat|has activat|"
        "has actualitzat|has afegit|has bloquejat|has canviat|has creat|has desactivat|has desbloquejat|"
        "has eliminat|has estat|has iniciat|has rebut|has restablert|has sortit|has suprimit|ja no ets|"
        "ja no participes|no es permet|s'ha afegit|s'ha canviat|s'ha eliminat|s'han activat|se t'ha afegit|"
        "t'ha afegit|t'han afegit|t'has unit|un membre|un participant"
    ),
    "cs": (
        "bezpečnostní kód mezi|byl/a jste|bylo vypnuto|bylo zapnuto|deaktivoval/a jste|do této komunity|"
        "došlo ke změně|hovory a zprávy|hovory a zprávy|jeden z účastníků|jeden z účastníků|k této skupině|"
        "k této komunitě|nyní jste|někdo z členů|obdržel/a jste|obnovil/a jste|odebral/a jste|odstranil/a jste|"
        "opustil/a jste|popis skupiny|přidal vás někdo,|přidal/a jste|připojil/a jste|skupinu jste|"
        "skupinu vytvořil/a|smazal/a jste|společnost|tato skupina|tato společnost|tento chat|tento kontakt|"
        "tento účet|toto je chat|tuto skupinu|tuto společnost|tuto zprávu|upravil/a jste|už nejste|uživatel|"
        "vaše telefonní|vypnul/a jste|vytvořil/a jste|v nastavení komunity|v nastavení skupiny|v tomto chatu|"
        "zahájil/a jste|zakladatel skupiny|zapnul/a jste|změnil/a jste|zprávy a hovory|zprávy a hovory|"
        "čeká se na"
    ),
    "da": (
        "beskeder og opkald|denne chat|denne gruppe|denne gruppes|denne konto|denne virksomhed|"
        "der er ændringer|din sikkerhedskode|dit telefonnummer|du blev fjernet|du blev føjet|du blev medlem|"
        "du blev tilføjet|du deltager|du er blevet|du er ikke|du er nu|du har blokeret|du har deaktiveret|"
        "du har fjernet|du har forladt|du har føjet|du har modtaget|du har nulstillet|du har opdateret|"
        "du har oprettet|du har slettet|du har slået|du har startet|du har tilføjet|du har ændret|en deltager|"
        "forsvindende beskeder|gruppe oprettet|gruppeopretteren har oprettet|venter på denne"
    ),
    "de": (
        "deine sicherheitsnummer|deine telefonnummer|der*die gruppengründer*in|die gruppenmitglieder|"
        "dies ist ein|diese gruppe|dieser chat|dieses konto|dieses unternehmen|du bist der|du bist jetzt|"
        "du bist kein*e|du bist nicht|du bist von|du führst|du hast|du wurdest|ein mitglied|gruppe erstellt|"
        "gruppe wurde|ihr habt|in den gruppeneinstellungen|nachrichten an diesen|nachrichten in diesem|"
        "nachrichten und anrufe|nur community-admins,|selbstlöschende nachrichten|warte auf diese"
    ),
    "el": (
        "aλλάξατε την περιγραφή|ένα μέλος|έχει γίνει|αλλάξατε την ονομασία|αλλάξατε την περιγραφή|"
        "αλλάξατε τις ρυθμίσεις|αλλάξατε το εικονίδιο|αλλάξατε το θέμα|αλλάξατε το όνομα|αναμονή για αυτό|"
        "αναμονή για την|απενεργοποιήθηκαν τα εφήμερα|απενεργοποιήσατε τα εφήμερα|απενεργοποιήσατε την αποδοχή|"
        "απενεργοποιήσατε την κοινότητα|αποκλείσατε αυτήν|αποχωρήσατε από την|αυτή η επιχείρηση|αυτή η ομάδα|"
        "αυτή η συνομιλία|αυτός ο λογαριασμός|αφαιρέσατε|γίνατε μέλος|δεν είστε|δημιουργήσατε αυτήν|"
        "δημιουργήσατε μία ομαδική|δημιουργήσατε την κοινότητα|δημιουργήσατε την ομάδα|διαγράψατε αυτό|"
        "διαγράψατε το εικονίδιο|διαγράψατε το μήνυμα|είστε τώρα|ενεργοποιήθηκαν τα εφήμερα|"
        "ενεργοποιήσατε τα εφήμερα|ενεργοποιήσατε την αποδοχή|ενημερώσατε το χρονόμετρο|"
        "επαναφέρατε τον σύνδεσμο|η επιχείρηση|η ομάδα δημιουργήθηκε|κάνατε άρση|κάνατε επαναφορά|καταργήσατε|"
        "καταργηθήκατε|λάβατε ένα μήνυμα|ξεκινήσατε μια βιντεοκλήση|ξεκινήσατε μια κλήση|ο αριθμός|"
        "ο δημιουργός|ο κωδικός|ο τηλεφωνικός|ο χρήστης|οι ρυθμίσεις|οι συμμετέχοντες|ομάδα που έχετε|"
        "πλέον, τα μηνύματα|προσθέσατε|προστεθήκατε|προστεθήκατε, επειδή|συμμετέχετε χρησιμοποιώντας|"
        "συνδεθήκατε χρησιμοποιώντας|τα εφήμερα|τα μέλη στην|τα μηνύματα|φύγατε"
    ),
    "en": (
        "a participant|disappearing messages|group created|group creator|group participants|messages and calls|"
        "messages to this|this account|this business|this chat|this group|this group’s|this number|"
        "waiting for this|you added|you are no|you blocked|you changed|you created|you deactivated|you deleted|"
        "you joined|you left|you received|you removed|you reset|you started|you turned|you unblocked|"
        "you updated|you were added|you were removed|you're no longer|you're now an|your phone|your security"
    ),
    "es": (
        "activaste la aprobación|activaste los mensajes|actualizaste la duración|actualmente, esta|agregaste|"
        "ahora eres|ahora la cuenta|ahora los mensajes|añadiste|bloqueaste a este|bloqueaste esta|cambiaste|"
        "cambiaste el asunto|cambiaste el nombre|cambiaste el ícono|cambiaste la configuración|"
        "cambiaste la descripción|cambió tu código|creaste|creaste el grupo|creaste este|creaste la comunidad|"
        "creaste una lista|desactivaste la aprobación|desactivaste la comunidad|desactivaste los mensajes|"
        "desbloqueaste a este|desbloqueaste esta|eliminaste|esperando el mensaje|esperando por el|esta cuenta|"
        "esta empresa|esta era una|este chat|este grupo|grupo creado|iniciaste una llamada|"
        "iniciaste una videollamada|no se comparte|recibiste un mensaje|restableciste el enlace|saliste|"
        "saliste de|saliste del grupo|se activaron|se añadió|se cambió|se comparte|se desactivaron|se eliminó|"
        "se produjo|se puede ver|se restauró|se te añadió|se te eliminó|solo las siguientes|te agregó|"
        "te añadieron|te añadió|tu número|un participante|ya no eres|ya no formas|"
        "los mensajes temporales|ahora los mensajes|se activó"
    ),
    "fa": (
        "اضافه شدید|اکنون از پیام‌ها|ایجاد کننده گروه|ایجاد کننده گروه،|این حساب به|این حساب قبلاً|"
        "این حساب کاربری|این فرد را|این کسب و|این کسب‌وکار اکنون|این کسب‌وکار برای|این گروه از|این گروه به|"
        "این گروه دیگر|این گفتگو با|به این گروه|تنظیمات این گروه|در انتظار برای|شرکت‌کنندگان گروه تغییر|"
        "شما آیکون این|شما ازطریق انجمن|شما اضافه شدید|شما انجمن|شما اکنون مدیر|شما این مخاطب|شما این پیام|"
        "شما این کسب‌وکار|شما این گروه|شما با استفاده|شما با این|شما به این|شما به‌عنوان مدیر،|"
        "شما تأییدیه مدیر|شما تماسی را|شما تنظیم تأییدیه|شما تنظیمات این|شما حذف شدید|شما دیگر عضو|"
        "شما دیگر مدیر|شما زمان‌سنج پیام|شما شرح انجمن|شما شرح گروه|شما علامت این|شما لینک دعوت|شما موضوع را|"
        "شما نام انجمن|شما پیام‌های مدت‌دار|شما پیوند دعوت|شما گروه|شما گروه‌های|شما یک تماس|شما یک فهرست|"
        "شما یک گروه|شماره تلفن شما|شماره تلفنتان در|شماره تلفنتان فقط|پیام فقط یک‌بار|"
        "پیام یک‌بار قابل‌مشاهده‌ای|پیام‌ها و تماس‌ها|پیام‌ها و تماس‌های|پیام‌های مدت‌دار خاموش|"
        "پیام‌های مدت‌دار روشن|پیام‌های مدت‌دار غیرفعال|پیام‌های مدت‌دار فعال|کد امنیتی شما|کسی که در|"
        "گروه ایجادشده توسط|یک شرکت کننده|یک شرکت‌کننده شرح|یکی از شرکت‌کنندگان"
    ),
    "fi": (
        "aloitit videopuhelun|annoit kaikille|annoit vain|estit tämän|estit usein|et ole enää|henkilö, joka|"
        "jäsen muutti|jäsen poisti|jäsen vaihtoi|katoavat viestit|keskustelet vahvistettua|"
        "keskustelet virallista|keskustelet yritystiliä|kytkit pois|kytkit viestien|liityit käyttämällä|"
        "liityit ryhmään|liityit yhteisöstä|lisäsit|loit ryhmän|loit vastaanottajalistan|loit yhteisön|"
        "muutit aiheeksi|muutit ryhmän|muutit yhteisön|nollasit ryhmän|nollasit yhteisön|"
        "odotetaan tilapäivitystä|odotetaan tätä|olet nyt ylläpitäjä|otit katoavat|otit käyttöön|poistit|"
        "poistuit|puhelinnumeroasi ei jaeta|puhelinnumerosi ei ole|puhelinnumerosi jaetaan|"
        "puhelinnumerosi näytetään|päivitit viestien|ryhmän jäsenet|ryhmän loi|ryhmän luoja|"
        "ryhmän osallistujat|sait vain|sait viestin,|sallit kaikkien|sallit usein|sallit vain|sinun luomasi|"
        "sinut lisättiin|sinut lisättiin,|sinut poistettiin|sinä aloitit|turvanumerosi henkilön|"
        "turvanumerosi muuttui|tällä tilillä|tämä ryhmä|tämä tili|tämä yritys|tämän ryhmän|vaihdoit yhteisön|"
        "viestien katoaminen|viestit ja puhelut|viestit tähän"
    ),
    "fr": (
        "ce compte|ce groupe|cette discussion|cette entreprise|discussion avec|en attente|groupe créé|"
        "la composition|le créateur|les messages|les réglages|quelqu'un a modifié|quelqu'un a remplacé|"
        "quelqu'un a supprimé|seulement les admins|votre code|votre numéro|vous avez|vous n'êtes|"
        "vous ne faites|vous êtes"
    ),
    "ga": (
        "ag fanacht|athraíodh an cód|athraíodh do chód|athraíodh socruithe|baineadh|bhain|"
        "casadh air teachtaireachtaí|casadh as teachtaireachtaí|chas|chláraigh an cuntas|chruthaigh|chuaigh|"
        "chuir|cláraíodh an cuntas|cuireadh|cuntas gnó ba|d'athraigh|d'athshocraigh|d'fhág|d'iarr|"
        "d'imigh tú as|dhíghníomhachtaigh|déantar criptiú|déantar criptiúchán|déantar teachtaireachtaí|"
        "fanann teachtaireachtaí|fuair tú teachtaireacht|grúpa a chruthaigh|grúpa cruthaithe|is le cuntas|"
        "is leis an|mhúch|múchadh teachtaireachtaí|nuashonraigh|ní cuntas|níl|oibríonn an gnóthas|rinne duine|"
        "scrios|thosaigh|thug tú bata|tá an comhrá|tá an cuntas|tá an gnóthas|tá d'uimhir|tá rannpháirtithe|"
        "tá seirbhís|tá teachtaireachtaí|tá tú i|úsáideann an gnóthas"
    ),
    "gu": (
        "આ એકાઉન્ટ|આ એકાઉન્ટની|આ એકાઉન્ટને|આ કોમ્યુનિટીની|આ ગ્રૂપ હવે|આ ગ્રૂપની|આ ગ્રૂપને|આ ચેટ|આ ચેટના મેસેજ|"
        "આ ચેટમાં કરાતા|આ ચેટમાં તમારો|આ નંબર તમારી|આ ફોન પરના|આ બિઝનેસ હવે|આ બિઝનેસ,|આ મેસેજની|આ સૂચીમાંથી|"
        "આ સ્ટેટસ અપડેટ|એડમિન તરીકે|કોઈ સભ્યએ|કોમ્યુનિટીના એડમિન,|કોમ્યુનિટીમાં આ ગ્રૂપ|કોમ્યુનિટીમાંથી|"
        "ગાયબ થતા મેસેજની|ગ્રૂપ બનાવનારે|ગ્રૂપના સભ્યો|ગ્રૂપનાં સેટિંગ|ઘણી વાર ફોરવર્ડ|તમને આ કોમ્યુનિટીમાં|"
        "તમને આ ગ્રૂપ|તમને ઉમેર્યા|તમને એક વાર|તમને કોમ્યુનિટીમાં|તમને દૂર કરાયા|તમારા સંપર્કોમાં|તમારો નંબર|"
        "તમારો ફોન નંબર|તમે|બધા મેળવનારાઓ|બધા મેળવવારાઓ|બધા સભ્યો|બધા સભ્યોને|મેસેજ અને કૉલ|શરૂથી અંત સુધી|"
        "સ્પામને કારણે|હવે મેસેજ"
    ),
    "he": (
        "אחד המשתתפים|אחד מהמשתתפים|אינך מנהל/ת|איפסת את|את/ה מחקת את|בהמתנה להודעה|בחרת להפעיל|ביטלת את|"
        "בקשת הצטרפות|הגדרות הקבוצה|הגדרות הקהילה|הגדרת הזמן|ההגדרה לאישור|ההגדרה של הודעות|ההודעות בצ'אט|"
        "ההודעות והשיחות|ההצטרפות של|הודעות ושיחות|הוספת את|הוספת קבוצה|הוסרת מהקבוצה|החלפת את|"
        "החשבון הזה הוגדר|החשבון הזה לא|החשבון הזה שוחזר|החשבון של|הינך מנהל/ת|הנושא שונה|הסרת את|הסרת קבוצה|"
        "העסק הזה משתמש|העסק הזה עובד|הפעלת את|הצטרפת|הקבוצה הוסרה|הקבוצה הזאת|הקבוצה הזו וחבריה|"
        "הקבוצה הזו כבר|הקבוצה הזו נוספה|הקבוצה והחברים|הקבוצה נוצרה|הקבוצות הבאות|התחלת שיחה|התחלת שיחת|"
        "התשלום כבר לא|חברי הקבוצה|חסמת את|חשבון זה הוגדר|חשבון זה נרשם|יוצר/ת הקבוצה|יצרת את|יצרת רשימת|"
        "כבר אינך בקבוצה|כבר אינך בקהילה|כיבית את|מחקת את|ממתין לעדכון|מספר הטלפון|מצב הודעות זמניות|"
        "נוספת לקבוצה|נוספת על|עדכנת את|עזבת את|פעילות הקהילה|צ'אט זה מתנהל|צ'אט זה עם|צורפת לכאן|צורפת לקבוצה|"
        "צורפת לקהילה|צורפת על|צורפת על-ידי|צירפת את|קבוצה אחת הוסרה|קבוצה אחת נוספה|קבוצה הוסרה|"
        "קבוצה זו נוצרה|קבוצה נוספה|קבוצה שנוצרה|קוד האבטחה עם|קוד האבטחה שלך|קיבלת הודעה|קישור ההזמנה|"
        "שיחות והודעות|שינית את|שם הקהילה|תיאור הקבוצה|תיאור הקהילה|תמונת הקבוצה|תמונת הקהילה"
    ),
    "hi": (
        "'गायब होने|अब आप|अब आपका फ़ोन|आप अब एडमिन|आप आमंत्रण|आप इस ग्रुप|आप, कम्युनिटी|आपका आमंत्रण|आपका फ़ोन|"
        "आपका फ़ोन नंबर|आपकी ब्रॉडकास्ट|आपको 'एक बार|आपको इस कम्युनिटी|आपको इस ग्रुप|आपको एक बार|आपको किसी|"
        "आपको शामिल|आपको हटाया|आपने|इस अकाउंट|इस ग्रुप की|इस ग्रुप को|इस चैट में|इस मैसेज को|इस स्टेटस|"
        "एंड-टू-एंड एन्क्रिप्शन|एडमिन ने ग्रुप|एडमिन ने यह|किसी सदस्य|ग्रुप के सदस्य|मैसेजेस और कॉल्स|यह अकाउंट|"
        "यह ग्रुप|यह चैट|यह नंबर, बैंक|यह बिज़नेस|यह बिज़नेस,|यह बिज़नेस|यह बिज़नेस,|सभी प्राप्तकर्ताओं|सभी सदस्यों|"
        "स्पैम होने"
    ),
    "hr": (
        "ažurirali ste brojač|blokirali ste ovaj|blokirali ste ovu|deaktivirali ste zajednicu|dodali ste|"
        "dodani ste|dodao vas je|grupu izradili|grupu izradio/la|isključili ste nestajuće|"
        "isključili ste odobrenje|izbrisali ste ikonu|izbrisali ste ovu|izmijenili ste postavke|"
        "izradili ste grupu|izradili ste ovu|izradili ste zajednicu|nadodali ste|nadodani ste|"
        "napustili ste zajednicu|napušteno|nestajuće poruke|odblokirali ste ovaj|odblokirali ste ovu|ova grupa|"
        "ova je grupa|ova tvrtka|ovaj je račun|ovaj razgovor|ovaj račun|ovaj se razgovor|ovo je razgovor|"
        "pokrenuli ste poziv|pokrenuli ste videopoziv|poništili ste vezu|poruke i pozivi|poruke ovom|"
        "postavke grupe|pridružili ste se|pridružuje se|primili ste poruku|promijenili ste ikonu|"
        "promijenili ste naziv|promijenili ste opis|promijenili ste postavke|promijenili ste temu|"
        "sad ste admin|stvorili ste distribucijsku|stvorili ste zajednicu|sudionici grupe|sudionik je izbrisao|"
        "sudionik je promijenio|tvorac grupe|tvrtka|uključili ste nestajuće|uključili ste odobrenje|"
        "uklonili ste|uklonjeni ste|vaš broj telefona|vaš je telefonski|vaš sigurnosni|vaš telefonski|"
        "više niste|čekanje na ažurirani|čekanje na ovu"
    ),
    "hu": (
        "a meghívólink|a meghívólinken|a telefonszámod|a telefonszámodat|a végpontok|admin lettél|az ebben a|"
        "az egyik résztvevő|az ehhez a|az eltűnő|az üzenetek|azért lettél|bekapcsoltad az adminjóváhagyást|"
        "bekapcsoltad az eltűnő|csatlakoztál a közösségből|egy egyszer|egy résztvevő|egyszer megtekinthető|"
        "eltávolítottad a következő|eltávolítottak téged|eltávolítottál|eltűnő üzenetek|ez a csevegés|"
        "ez a csoport|ez a fiók|ez a vállalkozás|ezt a csevegést|ezt a csoportot|ezt az üzenetet|"
        "feloldottad a kontakt|feloldottad a vállalkozás|frissítetted az üzenet-időtartamot|"
        "hanghívást kezdeményeztél|hozzá lettél|hozzáadtad a következő|hozzáadtad ezt a|hozzáadtak ehhez|"
        "hozzáadtál|hozzáadásra kerültél|inaktiváltad a közösséget|inaktiváltad a(z)|"
        "kikapcsoltad az adminjóváhagyást|kikapcsoltad az eltűnő|kiléptél|körlistát hoztál|"
        "letiltottad a kontaktot|letiltottad a vállalkozást|létrehoztad a következő|létrehoztad a(z)|"
        "megváltoztak a csoport|megváltoztattad a csoport|megváltoztattad a csoportleírást|"
        "megváltoztattad a közösség|megváltoztattad a témát|megváltoztattad ennek|minden címzett|"
        "minden résztvevő|már nem vagy|módosítottad a közösség|nem vagy már|olyan felhasználó|te hoztad|"
        "telefonszámod meg van|telefonszámod már nincs|törölted a csoport|törölted a közösség|törölted ezt az|"
        "videohívást kezdeményeztél|visszavontad a csoport|visszavontad a közösség|visszaállítottad a csoport|"
        "várakozás az állapotfrissítésre|várakozás az üzenetre|általad létrehozott|úgy módosítottad"
    ),
    "id": (
        "akun bisnis|akun ini sebelumnya|akun ini telah|akun ini tidak|anda bergabung|anda bukan|"
        "anda dikeluarkan|anda ditambahkan|anda keluar|anda mematikan|anda membuat|anda membuka|"
        "anda memperbarui|anda menambahkan|anda menerima|anda mengatur|anda mengeluarkan|anda menghapus|"
        "anda mengubah|anda meninggalkan|anda menonaktifkan|anda menyalakan|anda sekarang|anda telah|"
        "bisnis ini bekerja|bisnis ini menggunakan|bisnis ini sekarang|chat ini dengan|grup dibuat|"
        "grup ini bukan|grup ini dihapus|grup ini ditambahkan|kode keamanan|menunggu pembaruan|menunggu pesan|"
        "nomor telepon|pembuat grup|pengaturan grup|pesan dan panggilan|pesan sementara|pesan yang|"
        "peserta grup|salah satu"
    ),
    "it": (
        "gruppo creato|hai abbandonato|hai aggiornato|hai aggiunto|hai attivato|hai avviato|hai bloccato|"
        "hai cambiato|hai creato|hai disattivato|hai effettuato|hai eliminato|hai modificato|hai reimpostato|"
        "hai ricevuto|hai rimosso|hai sbloccato|hai usato|i messaggi|i partecipanti|il fondatore|il profilo|"
        "il tuo codice|il tuo numero|in attesa|le chiamate|le impostazioni|non fai più|non sei più|"
        "ora fai parte|ora sei un|questa attività|questa azienda|questa è una|questo account|questo era un|"
        "questo gruppo|sono stati|ti ha aggiunto|ti hanno rimosso|un partecipante|è stato aggiunto"
    ),
    "ja": (
        "1回表示|あなたが|あなたの|あなたは|このアカ|このグル|このコミ|このチャ|このメッ|この事業|この連絡|"
        "エンドツ|コミュニ|ステータ|ビジネス|ビデオ通|メッセー|何度も転|参加者が|招待リン|消えるメ|相手がデ|"
        "相手が新|相手が自|管理者で|管理者と|管理者に|追加され|退出しま|通話を開|連絡先に|電話番号"
    ),
    "ko": (
        "강제 퇴장되었습니다|공식 비즈니스 계정|관리자로서 이 메시지를|관리자만 그룹 정보를|"
        "관리자만 그룹에 메시지를|관리자만 커뮤니티|그룹 만든이가 그룹|그룹 만든이가 이|"
        "그룹 멤버가 변경되었습니다|그룹 설명을 변경했습니다|그룹 설정이 변경되어|그룹 아이콘을 변경했습니다|"
        "그룹 아이콘을 삭제했습니다|그룹 이름을|그룹과 그룹의 멤버들을|그룹과 멤버들을|그룹에 가입했기 때문에|"
        "그룹에 추가되었습니다|내 연락처에 등록되지|내가 만든 그룹|내가 만든 그룹입니다|다른 기업을 이용하여|"
        "단체 메시지를 받는|더 이상|메시지 및 전화가|메시지 및 전화는|메시지 암호화 대기중입니다|"
        "메시지 타이머를 업데이트했습니다|메시지와 전화는 종단간|멤버가 그룹 설명을|멤버가 그룹 이름을|"
        "멤버가 커뮤니티 설명을|모든 멤버가 그룹|모든 멤버가 그룹에|모든 멤버가 커뮤니티|모든 멤버와의 보안|"
        "비즈니스 계정과의|사라지는 메시지 설정을|사라지는 메시지가|사라지는 메시지를|삭제한 메시지입니다|"
        "상태 메시지 업데이트|여러 번 전달된|영상통화를 시작했습니다|이 계정은 복원되었습니다|"
        "이 계정은 비즈니스|이 계정은 스팸|이 계정은 이전에|이 계정은 이제|이 그룹 초대|이 그룹과 그룹의|"
        "이 그룹과 멤버들을|이 그룹과 커뮤니티에|이 그룹을|이 그룹의 초대|이 그룹이|이 대화 및|이 대화는|"
        "이 대화의 메시지|이 메시지를 삭제했습니다|이 비즈니스가 차단해제되었습니다|이 비즈니스는 다른|"
        "이 비즈니스는 이제|이 비즈니스를 차단했습니다|이 연락처가 차단해제되었습니다|이 연락처를 차단했습니다|"
        "이 커뮤니티 초대|이 커뮤니티의 초대|자동삭제 메시지 설정을|자동삭제 메시지 설정이|자동삭제 메시지가|"
        "자동삭제 메시지를|전화번호가 더 이상|커뮤니티 설명을 변경했습니다|커뮤니티 아이콘을|커뮤니티 이름을|"
        "커뮤니티를 비활성화했습니다|커뮤니티에서 참여했습니다|통화를 시작했습니다|퇴장했습니다|한 번 보기|"
        "한 번만 표시되는|회원님은 더 이상|회원님은 이제 관리자입니다|회원님의 전화번호가|회원님의 전화번호는|"
        "회원님이 그룹 가입을|회원님이 그룹 설정을|회원님이 이 그룹과|회원님이 추가되었습니다"
    ),
    "mr": (
        "'एक्स्पायर होणारे|अनेक वेळा|आता तुम्ही|आता मेसेजेस|एन्ड-टू-एन्ड एन्क्रिप्शनने|केवळ ॲडमिन|केवळ ॲडमिन्सना|"
        "ग्रुप निर्मात्याने|ग्रुपमधील सहभागी|तुमचा|तुमच्या एक किंवा|तुमच्या डिव्हाइसवरून|तुमच्या नवीन|"
        "तुमच्या संपर्कांमध्ये|तुम्हाला एकदाच|तुम्हाला काढून|तुम्हाला या ग्रुपमध्ये|तुम्हाला समाविष्ट|तुम्ही|"
        "त्यांच्या एक किंवा|त्यांच्या डिव्हाइसवरून|त्यांच्या नवीन|मेसेजेस आणि कॉल्स|या कम्युनिटीची|या खात्याला|या ग्रुपची|"
        "या ग्रुपला|या चॅटमधील|या चॅटमध्ये|या फोनवर तुमचा|या मेसेजची|या स्टेटस|सर्व सदस्यांना|सर्व सहभागी|"
        "सर्व ॲडमिन्सना|सहभागी सदस्याने|स्पॅम असल्याची|हा ग्रुप आता|हा नंबर तुमच्या|हा बिझनेस|हे खाते आता|"
        "हे खाते पूर्वी|हे खाते बिझनेस|हे खाते रिस्टोअर|हे चॅट"
    ),
    "ms": (
        "akaun ini sebelum|akaun ini telah|akaun ini tidak|anda kini|anda memasukkan|anda memulakan|"
        "anda mencipta|anda menyertai|ciri mesej|grup dicipta|grup ini dimasukkan|grup ini telah|"
        "grup ini tidak|kod keselamatan|kumpulan ini telah|menunggu untuk|mesej dan panggilan|mesej menghilang|"
        "nombor telefon|panggilan serta|pencipta grup|perniagaan ini bekerjasama|perniagaan ini kini|"
        "perniagaan ini menggunakan|sembang ini adalah|sembang ini ialah|seorang peserta|seting grup"
    ),
    "nb": (
        "deltakerne i gruppen|denne gruppen|denne gruppens|denne kontoen|denne samtalen|denne virksomheten|"
        "du ble fjernet|du ble lagt|du ble med|du blokkerte|du deaktiverte|du endret|du er lagt|du er nå|"
        "du fjernet|du forlot|du har endret|du har mottatt|du har slått|du la til|du mottok|du nullstilte|"
        "du oppdaterte|du opphevet|du opprettet|du slettet|du slo av|du slo på|du tilbakestilte|en deltaker|"
        "gruppe laget|gruppeeier opprettet|meldinger og anrop|meldinger og samtaler|meldinger som forsvinner|"
        "meldinger til denne|sikkerhetskoden med|telefonnummeret ditt"
    ),
    "nl": (
        "berichten en gesprekken|berichten in deze|berichten met vervaldatum|de groepsinstellingen|deze chat|"
        "deze groep|dit account|dit bedrijf|dit is een|een deelnemer|groep aangemaakt|groepsdeelnemers zijn|"
        "je bent|je hebt|je kunt|oprichter heeft|u bent aan|u bent deelnemer|u bent geen|u bent niet|u bent nu|"
        "u bent toegevoegd|u bent verwijderd|u hebt|uw beveiligingscode|uw telefoonnummer|wachten op deze|"
        "wachten op dit"
    ),
    "pl": (
        "czatujesz z kontem|czatujesz z oficjalnym|czatujesz ze zweryfikowanym|dodano cię|dodano cię,|"
        "dodała cię osoba,|dodałaś|dodałeś|dodałeś(-aś)|dołączyłeś(-aś) do grupy,|dołączyłeś(-aś) do tej|"
        "dołączyłeś(-aś) ze społeczności|firma|grupa utworzona|jesteś teraz|kontakt odblokowany|"
        "kontakt zablokowany|konto|link z zaproszeniem|na tym koncie|nie jesteś|oczekiwanie na tę|"
        "oczekiwanie na uaktualnienie|opuściłaś|opuściłeś|opuściłeś(-aś) grupę|otrzymałeś(-aś) wiadomość|"
        "rozpoczęto połączenie|ta firma korzysta|ta firma obecnie|ta firma zarządza|ta grupa nie|"
        "ta grupa została|to konto było|to konto zostało|twój kod zabezpieczenia|twój kod zabezpieczeń|"
        "twój numer|uaktualniłeś(-aś) czas|uczestnicy grupy|uczestnik usunął|uczestnik zmienił|"
        "ustawienia tej grupy|usunięto cię|usunąłeś|usunąłeś(-ęłaś)|usunęłaś|utworzono listę|utworzyłaś|"
        "utworzyłeś|utworzyłeś(-aś) grupę|utworzyłeś(-aś) społeczność|utworzyłeś(-aś) tę grupę|używany numer|"
        "wiadomości i połączenia|wiadomości oraz|wyłączono znikające|wyłączyłeś(-aś) dołączanie|"
        "wyłączyłeś(-aś) znikające|włączono znikające|włączyłeś(-aś) dołączanie|włączyłeś(-aś) znikające|"
        "założyciel grupy|zdezaktywowałeś(-aś) społeczność|zmieniono opis|zmieniłaś|zmieniłeś|"
        "zmieniłeś(-aś) ikonę|zmieniłeś(-aś) nazwę|zmieniłeś(-aś) opis|zmieniłeś(-aś) temat|"
        "zmieniłeś(-aś) ustawienia|zostałeś(-aś) dodany(-a)|zresetowano link|zresetowałeś(-aś) link"
    ),
    "pt": (
        "a aguardar|a identidade|aderiu a partir|aderiu à comunidade|adicionou|alterou a descrição|"
        "alterou a imagem|alterou as definições|alterou o nome|alterou o título|alterou o ícone|"
        "apagou a imagem|apagou esta|apagou o ícone|as definições|ativou a aprovação|ativou as mensagens|"
        "atualizou a duração|bloqueou esta|bloqueou este|criou a comunidade|criou este|criou o grupo|"
        "criou uma lista|definiu que só|definiu que todos|deixou de ser|desativou a aprovação|"
        "desativou a comunidade|desativou as mensagens|desbloqueou esta|desbloqueou este|dsativou a aprovação|"
        "entrou no grupo|esta é uma|este número|está a conversar|foi adicionado/a|foi removido|"
        "iniciou uma chamada|iniciou uma videochamada|já não é|mudou a imagem|mudou o nome|nesta conversa,|"
        "o criador|o participante|o seu código|o seu número|o título do|passou a ser|recebeu uma mensagem|"
        "removeu|repôs a ligação|saiu da comunidade|saiu do grupo"
    ),
    "pt_BR": (
        "a conta de|a solicitação|aguardando a atualização|aguardando mensagem|anteriormente, esta|"
        "as configurações|as mensagens|esta conta|grupo criado|mensagem apagada|os participantes|seu código|"
        "seu número|um admin criou|um participante|uma pessoa|você adicionou|você agora|você apagou|"
        "você ativou|você atualizou|você bloqueou|você criou|você desativou|você desbloqueou|você entrou|"
        "você está|você foi adicionado|você foi adicionado(a)|você foi removido(a)|você iniciou|você mudou|"
        "você não participa|você não é|você recebeu|você redefiniu|você removeu|você saiu"
    ),
    "ro": (
        "această conversație|această întreprindere|acest cont|acest grup|acum sunteți|ați activat|"
        "ați actualizat|ați adăugat|ați blocat|ați creat|ați deblocat|ați dezactivat|ați eliminat|"
        "ați fost adăugat/ă|ați fost eliminat/ă|ați ieșit|ați inițiat|ați intrat|ați primit|ați părăsit|"
        "ați resetat|ați schimbat|ați șters|cineva v-a adăugat|codul dvs de|creatorul grupului|mesajele către|"
        "mesajele temporare|mesajele și apelurile|nu mai faceți|nu mai sunteți|nu v-ați distribuit|"
        "numărul dvs de|numărul dvs nu|s-au schimbat|se așteaptă|setările grupului|v-a adăugat|vă pot vedea"
    ),
    "ru": (
        "админ создал|вас добавили|вас добавили,|ваш код безопасности|ваш номер|включены исчезающие|вы больше|"
        "вы были добавлены|вы были удалены|вы включили|вы вступили|вы выключили|вы деактивировали|вы добавили|"
        "вы добавлены|вы ещё не поделились|вы заблокировали|вы изменили|вы как админ|вы начали|"
        "вы не поделились|вы обновили|вы общаетесь|вы отключили|вы поделились|вы покинули|вы получили|"
        "вы присоединились|вы разблокировали|вы сбросили|вы создали|вы удалили|группа добавлена|группа создана|"
        "группа удалена|данная переписка|данная учётная|данный аккаунт|для управления|для управления этим|"
        "исчезающие сообщения|настройки этой|ожидание сообщения|ожидание статуса|сообщения и звонки|"
        "сообщения и звонки|состав группы|теперь вы админ|участник изменил|участник удалил|эта группа|"
        "этот номер"
    ),
    "sk": (
        "aktualizovali ste časovač|bezpečnostný kód,|boli ste odobraný/á|boli ste pridaný/á|"
        "deaktivovali ste komunitu|dostali ste správu|došlo ku zmene|hovory a správy|hovory a správy|"
        "k tejto skupine|keďže ste sa|k tejto komunite|miznúce správy|nastavenia tejto|nie ste viac|"
        "obnovili ste pozývací|odobrali ste|odstránili ste ikonu|odvolali ste pozývací|opustili ste komunitu|"
        "opustili ste skupinu|používateľ|pridal vás niekto,|pridali ste|pripojili ste sa|skupinu vytvoril/a|"
        "správy a hovory|správy a hovory|ste v skupine|svoje telefónne|telefónne číslo|teraz patríte|"
        "teraz ste správcom|táto skupina|táto spoločnosť|túto skupinu|túto spoločnosť|túto správu|už nie ste|"
        "vaše telefónne|vypli ste miznúce|vypli ste schválenie|vytvorili ste komunitu|vytvorili ste skupinu|"
        "vytvorili ste zoznam|v nastaveniach komunity|v nastaveniach skupiny|v tomto chate|zakladateľ skupiny|"
        "zapli ste miznúce|zapli ste schválenie|začali ste hovor|začali ste videohovor|zmenili ste ikonu|"
        "zmenili ste nastavenia|zmenili ste nastavenie|zmenili ste názov|zmenili ste popis|zmenili ste tému|"
        "účastník|účet|čaká sa na"
    ),
    "sv": (
        "chatt med ett|den här chatten|den här gruppen|den här verksamheten|denna chatt|det här företaget|"
        "det här kontot|detta konto|din säkerhetskod|ditt telefonnummer|du aktiverade|du anslöt|"
        "du blev tillagd|du har aktiverat|du har avblockerat|du har blockerat|du har fått|du har inaktiverat|"
        "du har lagt|du har lagts|du har lämnat|du har skapat|du har startat|du har tagit|du har uppdaterat|"
        "du har ändrat|du har återställt|du inaktiverade|du lade till|du lämnade|du raderade|du skapade|"
        "du startade|du tog bort|du togs bort|du ändrade|du är inte|du är nu|du återkallade|du återställde|"
        "en deltagare|för att kontrollera|grupp skapad|grupp skapades|grupp startad|gruppdeltagare har ändrats|"
        "gruppen har lagts|gruppen har tagits|gruppen är inte|gruppinställningarna har ändrats|"
        "gruppskapare skapade|meddelanden och samtal|meddelanden som försvinner|meddelanden som utgår|"
        "meddelanden till|sin säkerhetskod|tillfälliga meddelanden|väntar på denna|väntar på meddelande"
    ),
    "th": (
        "กลุ่มที่|กลุ่มนี้|กลุ่มสร้|การตั้งค|กำลังรอก|กำลังรอข|ขณะนี้ข้|ขณะนี้ธุ|ข้อความช|ข้อความแ|คุณถูกลบ|คุณถูกเพ|คุณรีเซ็|"
        "คุณออกจา|คุณเข้าร|คุณเปลี่|คุณเป็นผ|คุณเลิกบ|คุณได้บล|คุณได้ปิ|คุณได้รั|คุณได้ลบ|คุณได้สร|คุณได้อั|คุณได้เข|คุณได้เป|คุณได้เพ|"
        "คุณได้เร|คุณไม่ได|ธุรกิจนี|บัญชีนี้|ผู้สร้าง|มีการเพิ|มีการแชร|รหัสความ|สมาชิกกล|สมาชิกได|หมายเลขโ|เฉพาะคุณ|"
        "เฉพาะผู้|เพิ่มกลุ|แชทนี้เป|ไม่มีการ"
    ),
    "tr": (
        "ayrıldınız|bir arama|bir gruba|bir grubu|bir grup eklediniz|bir kez görüntülendikten|"
        "bu durum güncellemesi|bu gruba katılmak|bu gruba ve|bu grubu|bu grubun|bu grup|bu hesabın|"
        "bu hesap geri|bu hesap işletme|bu hesap,|bu işletme|bu işletmenin|bu işletmeyi|bu kişinin|bu kişiyi|"
        "bu mesajı|bu sohbet|bu sohbet,|bu sohbete|bu sohbetteki|bu topluluğun|cihazınızdan çıkış|eklendiniz|"
        "grubun davet|grup açıklamasını|grup katılımcıları|grup konusunu|grup kurucusu|gruptan çıkarıldınız|"
        "görüntülü arama|katılımcılardan biri|kişilerinizde kayıtlı|mesaj bekleniyor|mesaj süresini|"
        "mesajlar ve aramalar|size ait bir|size ait yeni|spam nedeniyle|süreli mesajlar|süreli mesajları|"
        "telefon numaranız|topluluk açıklamasını|topluluk üzerinden|topluluğu devre|topluluğun adını|"
        "topluluğun davet|tüm alıcılarla|tüm katılımcılarla|uçtan uca şifrelenmiş|yönetici olarak"
    ),
    "uk": (
        "автор створив|вас було додано,|вас вилучено|вас додав|вас додано|ви більше|ви ввімкнули|ви видалили|"
        "ви вийшли|ви вилучили|ви вимкнули|ви деактивували|ви додали|ви заблокували|ви залишили|ви змінили|"
        "ви оновили|ви отримали|ви приєдналися|ви розблокували|ви розпочали|ви скинули|ви створили|"
        "ви увімкнули|від користувача|групу створив(-ла)|групу створили|завдяки наскрізному|код безпеки|"
        "контакт|користувач|користувача|номер телефону|один з учасників|отримано одноразове|очікування нового|"
        "очікування повідомлення|параметри цієї|повідомлення й дзвінки|повідомлення та дзвінки|"
        "повідомлення цієї|список учасників|тепер ви адміністратор|тимчасові повідомлення|учасник|учасника|"
        "це бесіда|цей бізнес|цей обліковий|цю групу було|цю групу вилучено|цю групу додано|ця бесіда|"
        "ця група більше"
    ),
    "ur": (
        "آپ اب ایڈمن|آپ اب کمیونٹی|آپ اس گروپ|آپ نکل گئے|آپ نے|آپ کا بنایا|آپ کا فون|آپ کو 'ایک|آپ کو اس|"
        "آپ کو ایسے|آپ کو ایک|آپ کو شامل|آپ کو گروپ|آپ کو ہٹایا|آپ کی دعوت|اب آپ اس|اب آپ ایڈمن|اس اسٹیٹس اپ|"
        "اس اکاؤنٹ نے|اس اکاؤنٹ کو|اس میسج کا|اس چیٹ میں|اس چیٹ کے|اس گروپ کو|اسپیم کی وجہ|اینڈ ٹو اینڈ|"
        "تمام ممبرز کو|سبھی ممبرز کے|سبھی موصول کنندگان|سبھی وصول کنندگان|صرف ایڈمنز ہی|غائب ہونے والے|"
        "میسجز اور کالز|کسی ممبر نے|گروپ ممبرز تبدیل|گروپ کے تخلیق|یہ اکاؤنٹ بحال|یہ اکاؤنٹ پہلے|"
        "یہ اکاؤنٹ کاروباری|یہ اکاؤںٹ پہلے|یہ وہی نمبر|یہ چیٹ|یہ کاروبار اب|یہ کاروبار اس|یہ گروپ اب|"
        "یہ گروپ ایک|یہ گروپ کمیونٹی"
    ),
    "vi": (
        "bạn hiện là|bạn không|bạn nhận được|bạn đang trò|bạn đã bật|bạn đã bắt|bạn đã bị|bạn đã bỏ|"
        "bạn đã chặn|bạn đã cập|bạn đã nhận|bạn đã rời|bạn đã tham|bạn đã thay|bạn đã thêm|bạn đã tạo|"
        "bạn đã tắt|bạn đã vô|bạn đã xoá|bạn đã xóa|bạn đã được|bạn đã đặt|bạn đã đổi|chỉ bạn và|cài đặt của|"
        "còn|doanh nghiệp|mã bảo mật|một người|một thành|người tạo nhóm|nhóm do|nhóm này không|nhóm này đã|"
        "những tin nhắn|số điện thoại|thành viên|tin nhắn và|tài khoản|tính năng|đang chờ cập|đang chờ ghi|"
        "đây là cuộc|đây là đoạn|đã tắt tính"
    ),
    "zh": (
        "一位成员|一名成员|以端到端|你创建了|你将群组|你已退出|你更改了|你添加了|你重置了|发送到此|已禁止此|"
        "当前与您|您以管理|您使用了|您创建了|您创建的|您删除了|您发起了|您和所有|您已不再|您已从社|您已关闭|"
        "您已删除|您已封锁|您已将社|您已将该|您已开启|您已成为|您已添加|您已被添|您已解除|您已退出|您已通过|"
        "您收到了|您更改了|您正在与|您正在和|您添加了|您的电话|您被一位|您被加到|您通过社|您重置了|所有收件|"
        "所有群组|有人添加|有成员删|有成员更|本次对话|正在与商|此对话中|此对话是|此帐号已|此账号已|消息和通|"
        "由于滥发|群组创建|群组成员|群组由|该商家与|该商家使|该商家正|该帐号以|该群组已|该群组的|这个账号|"
        "这家企业|限时消息"
    ),
    "zh_HK": (
        "「自動刪|一位參與|傳送至此|只有社群|將您加入|已重設此|已開啟「|您不再是|您加入了|您已使用|您已停用|"
        "您已刪除|您已加入|您已取消|您已封鎖|您已將此|您已將社|您已將群|您已建立|您已從「|您已從社|您已新增|"
        "您已更新|您已移除|您已被移|您已變更|您已重設|您已開啟|您已開始|您已關閉|您已離開|您收到閱|您現已成|"
        "您的手機|您移除了|您與所有|有人已將|正在等待|此商家使|此商家現|此商家與|此對話對|此對話的|此帳戶因|"
        "此帳戶已|此帳戶曾|此帳戶為|此應用程|此手機已|此手機的|此群組不|此群組已|此群組的|由您建立|由於對方|"
        "由於您登|經端對端|群組參與|群組建立|訊息和通"
    ),
    "zh_TW": (
        "一位成員|不在您通|你已建立|你已新增|你已離開|你建立了|你新增了|你變更了|傳送至本|已將您新|已將此群|"
        "已新增|已新增您|已變更此|您刪除了|您已不是|您已以管|您已啟用|您已成為|您已收到|您已更改|您已註銷|"
        "您建立了|您建立的|您新增了|您發起了|您的電話|本對話的|某位對話|某位成員|此商家目|此帳號原|此帳號因|"
        "此帳號已|此帳號遭|由於您已|端對端加|群組成員|群組由|群組發起|訊息和對|訊息已受|這個對話|這是與|"
        "這是與「|限時訊息"
    ),
}
_LATER_NOTICE_STARTS = (
    "you invited|you requested|your request|this message was|new messages will|only messages that|an admin approved|"
    "default timer|você fixou|fixou uma mensagem|fijaste un|has fijado un|hai fissato un|vous avez épinglé|вы закрепили|"
    "ви закріпили|bir mesajı sabitlediniz|anda menyematkan|przypięto wiadomość|du fäste|du har fäst|du festet|"
    "du fastgjorde|kiinnitit viestin|připnuli jste|pripli ste|rögzítettél egy|ați fixat|καρφιτσώσατε ένα|bạn đã ghim|"
    "您置顶了|你置顶了|您已釘選|你已釘選|您釘選了|הצמדת הודעה"
)
"""The same of what the app says since: pinned messages and requests to join. Believed, for want of published texts."""
NOTICE_STARTS = tuple(
    dict.fromkeys(start for starts in (*_NOTICE_STARTS.values(), _LATER_NOTICE_STARTS) for start in starts.split("|"))
)
"""What a notice of iOS begins with behind its mark: one to three words, four letters of Chinese and Japanese, eight of
Thai. Without the notices that begin with a person's name."""

NOTICE_VERBS = (
    "أضاف أضافت أنشأ أنشأت غادر غادرت أزال أزالت غيّر غيّرت غير غيرت انضم انضمت أخرج أخرجت حذف حذفت فعّل فعّلت أوقف أوقفت "
    "chuir bhain chruthaigh d'athraigh scrios d'fhág chuaigh"
)
"""The first words of notices in languages that put the verb before the name."""

DAY_PARTS = {
    "morning": (
        "오전 午前 上午 凌晨 清晨 早上 早晨 πμ ص صباحًا قظ לפנהצ öö sa pg पूर्वाह्न मपू ก่อนเที่ยง পূর্বাহ্ণ de "
        "vm fm ap проб dop дп inthemorning am 새벽 清早 早 בבוקר prepodne prijepodne предпладне "
        "לפניהצהריים midnight morning meia-noite damanhã damadrugada manhã madrugada delamadrugada "
        "delamañana mañana minuit matin dumatin mat dumat min mitternacht morgens vorm nachts vormittags "
        "morgen nacht vormittag mezzanotte dimattina dinotte mattina notte middernacht sochtends snachts "
        "ochtend полн утра полночь утро ночі ранку північ ранок ніч opółnocy rano przedpołudniem północ "
        "przedpołudnie geceyarısı sabah öğledenönce tengahmalam pagi midnatt påmorg påförm pånatten "
        "påmorgonen påförmiddagen morgon förm natt förmiddag midnat ommorgenen omformiddagen omnatten "
        "formiddag nat midn morg form påmorgenen påformiddagen pånatta keskiyöllä aamulla aamup "
        "aamupäivällä keskiyö aamu aamupäivä keskööl hommikul kesköö hommik priekšp pusnaktī norīta "
        "priekšpusdienā pusnakts rīts priekšpusdiena priešpiet vidurnaktis rytas naktis půln půlnoc ráno "
        "dopoledne opoln dopol opolnoci dopoludnia poln polnoc dopoludnie éjfél reggel hajnal délelőtt "
        "miezulnopții dimineața lamiezulnopții полунощ сутринта ponoć ujutro поноћ ујутру јутро ujutru "
        "jutro преподне пријеподне претпл полноќ наутро претпладне ноќе ноќ zjut opolnoči zjutraj dopoldan "
        "jut polnoč dopoldne pd emesnatës emëngjesit eparadites enatës mesnatë mëngjes paradite natë πρωί "
        "τοπρωί חצות בוקר לפנותבוקר فجرًا فيالمساء ليلاً فيالصباح منتصفالليل ل بامداد صبح نیمهشب قبلازظهر "
        "آدھیرات صبحمیں मध्यरात्रि सुबह ভোর সকাল ভোরবেলায় সকালবেলায় મધ્યરાત્રિ સવારે સવાર ਪੂਦੁ ਅੱਧੀਰਾਤ ਸਵੇਰੇ "
        "நள்ளிரவு அதிகாலை காலை అర్ధరాత్రి ఉదయం ಮಧ್ಯರಾತ್ರಿ ಬೆಳಗ್ಗೆ അർദ്ധരാത്രി പുലർച്ചെ രാവിലെ मध्यरात्र पहाट सकाळ "
        "मध्यरात बिहान පෙව මැදියම පාන්දර උදේ මැදියමටපසු เที่ยงคืน ในตอนเช้า ตอนเช้า nửađêm sáng 真夜中 朝 자정 "
        "아침 mitjanit matinada matí damañá medianoite mañá gauerdia goizald goizeko goizaldeko goiz goiza "
        "goizaldea middernag dieoggend dienag oggend nag saasitazausiku alfajiri asubuhi entathakusa "
        "ekuseni gecəyarı sübh səhər gecə түнжарымы таңғы таң to yarimtun ertalab то яримтун эрталаб тң "
        "түнортосу эртеңменен таңкы goöň günortadanöň göň կեսգիշեր առավոտյան գիշերը կեսգիշերին գիշերվա "
        "առավոտ գիշեր შუაღამეს დილ დილით შუაღამე დილა hatinggabi ngumaga madaling-araw umaga rn fh "
        "miðnætti aðmorgni aðnóttu morgunn nótt អធ្រាត្រ នៅពេលព្រឹក ព្រឹក ກ່ອນທ່ຽງ ທ່ຽງຄືນ ຕອນເຊົ້າ ເຊົ້າ နံနက် "
        "သန်းခေါင်ယံ үө шөнөдунд өглөө ጥዋት እኩለሌሊት በሌሊት ሌሊት ಪೂರ್ವಾಹ್ನ முற்பகல்"
    ),
    "noon": "中午 正午 tgh 정오 m בצהריים siang наобяд emini kunduzi кундузи",
    "afternoon": (
        "오후 午後 下午 傍晚 μμ م مساءً بظ אחהצ ös ch ptg अपराह्न मउ หลังเที่ยง অপরাহ্ণ du nm em ip слоб odp "
        "pop пп intheafternoon pm בערב אחריהצהריים noon intheevening afternoon evening midday meio-dia "
        "datarde tarde delmediodía delatarde mediodía midi après-midi soir delaprès-midi dusoir apm delapm "
        "mittags nachm abends nachmittags mittag abend nachmittag mezzogiorno dipomeriggio disera "
        "delpomeriggio pomeriggio sera smiddags savonds middag avond полд дня вечера полдень день веч "
        "вечер вечора полудень вечір wpołudnie popołudniu wieczorem południe popołudnie wieczór öğle "
        "öğledensonra akşamüstü akşam tengahhari sore petang påefterm påkvällen påeftermiddagen efterm "
        "kväll eftermiddag omeftermiddagen omaftenen aften etterm kveld påettermiddagen påkvelden "
        "ettermiddag keskip iltap illalla keskipäivällä iltapäivällä ilta keskipäivä iltapäivä keskpäeval "
        "pärastlõunal õhtul keskpäev pärastlõuna õhtu pēcp pusd pēcpusd vakarā pusdienlaikā pēcpusdienā "
        "vakars pusdienlaiks pēcpusdiena popiet perpiet popietė vakaras vidurdienis diena pol več poledne "
        "odpoledne večer napol popol napoludnie popoludní poludnie popoludnie dél este délután amiază "
        "după-amiaza seara laamiază следобед вечерта podne popodne navečer poslijepodne подне поподне "
        "увече вече uveče veče уподне послијеподне послийеподне попл напладне попладне навечер пладне "
        "opold zveč opoldne popoldan zvečer pold poldne popoldne md emesditës epasdites embrëmjes mesditë "
        "pasdite mbrëmje μεσημ απόγ τομεσημέρι τοαπόγευμα μεσημέρι απόγευμα צהריים אחרהצהריים ערב ظهرًا "
        "بعدالظهر ظهر عصر بعدازظهر دوپہر سہپہر شام دوپہرمیں شاممیں दोपहर शाम দুপুর বিকাল সন্ধ্যা দুপুরবেলায় "
        "সন্ধ্যাবেলায় બપોરે સાંજે બપોર સાંજ ਬਾਦੁ ਦੁਪਹਿਰੇ ਸ਼ਾਮੀਂ ਸ਼ਾਮ நண்பகல் மதியம் பிற்பகல் மாலை அந்திமாலை మధ్యాహ్నం "
        "సాయంత్రం ಮಧ್ಯಾಹ್ನ ಸಂಜೆ ഉച്ച ഉച്ചയ്ക്ക് ഉച്ചതിരിഞ്ഞ് വൈകുന്നേരം സന്ധ്യ मध्यान्ह दुपार संध्याकाळ अपरान्ह साँझ बेलुकी "
        "පව මධ්‍යාහ්නය දවල් හවස เที่ยง ในตอนบ่าย บ่าย ในตอนเย็น ค่ำ ตอนบ่าย ตอนเย็น tr chiều tối trưa 昼 夕方 저녁 "
        "migdia tarda vespre domediodía eguerd arrats iluntz eguerdiko arratsaldeko iluntzeko eguerdia "
        "arratsaldea iluntzea diemiddag dieaand aand adhuhuri mchana jioni saasitazamchana alasiri "
        "ntambama günorta gündüz axşamüstü түскі түстенкейінгі кешкі талтүс түстенкейін кеш tk tushpayti "
        "kechqurun тк тушпайти кечқурун чактүш түштөнкийин кечинде түштөнкийинки кечкурун gosoň "
        "günortadansoň gsoň կեսօր ցերեկը երեկոյան կեսօրին ցերեկվա ցերեկ երեկո შუადღ ნაშუადღ საღ შუადღეს "
        "ნაშუადღევს საღამოს შუადღე ნაშუადღევი საღამო tanghaling-tapat nghapon nggabi hapon gabi eh hádegi "
        "síðdegis aðkvöldi kvöld eftirhádegi ថ្ងៃត្រង់ នៅពេលរសៀល នៅពេលល្ងាច រសៀល ល្ងាច ຫຼັງທ່ຽງ ຕອນທ່ຽງ ຕອນບ່າຍ "
        "ຕອນແລງ ທ່ຽງ ສວາຍ ແລງ ညနေ မွန်းတည့် နေ့လယ် үх үддунд өдөр орой ከሰዓት ቀትር በምሽት ምሽት ಅಪರಾಹ್ನ"
    ),
    "night": (
        "晚上 夜晚 夜里 夜間 深夜 半夜 午夜 子夜 夜裡 晚 danoite ночи ночь wnocy noc gece yöllä yö öösel "
        "naktī nakts vn vnoci éjjel noaptea презнощта noću ноћу ноћ noć ponoći ponoči noč βράδυ τοβράδυ "
        "לילה בלילה رات راتمیں रात রাত্রি রাত্রিবেলায় રાત્રે રાત્રિ ਰਾਤੀਂ ਰਾਤ இரவு రాత్రి ರಾತ್ರಿ രാത്രി रात्र "
        "กลางคืน đêm 夜中 밤 usiku түнгі түн kechasi кечаси түничинде ღამ ღამით ღამე ກາງຄືນ ຕອນກາງຄືນ шөнө "
        "atnight night noite delanoche noche malam شب රෑ 夜 nit gaueko gaua ebusuku axşam នៅពេលយប់ យប់ ည"
    ),
}
"""The words beside the time of a 12-hour clock, without their full stops, quotation marks and spaces, from the day periods
of Unicode's CLDR. A night is from six to five, a noon from ten to two: ``中午12:05``, ``凌晨12:05`` (five past midnight)."""
