"""What WhatsApp itself writes into exports, by meaning, in the languages of its apps.

Add a language by adding its words here. Strings are RE2 alternatives without nested repeats, compared in lower case;
tuples are whole texts, with or without a full stop.

Known from a source (the apps' published string tables, 2017 to 2022, or exports that people published): deletions,
omitted media, file names, missed calls and live locations in every language listed; deletions by an admin in English,
Portuguese, Spanish, German, French, Italian, Dutch, Russian, Turkish, Indonesian, Hebrew, Arabic, Persian, Urdu, Hindi
and Chinese; edits in English, Portuguese, Spanish, German, French, Italian, Dutch, Russian, Polish, Turkish,
Indonesian, Romanian, Catalan, Hebrew and Arabic. Believed, for want of a published export: the other languages' edits
and deletions by an admin, "you deleted this message as admin" but for English, and the words for poll but for
English, German, Spanish, French, Portuguese, Italian, Dutch, Russian and Turkish. On iOS, a mark that nobody types
shows an edit or a poll in any language.
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
    "이미지 생략됨|동영상 생략됨|비디오 생략됨|오디오 생략됨|스티커 생략됨|스티커 제외됨|GIF 생략됨|문서 생략됨|연락처 카드 생략됨"
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
    "میڈیا ہٹا دیا گیا|bỏ qua tệp phương tiện"
)
OMITTED_ANDROID = tuple(_OMITTED_ANDROID.split("|"))
"""What stands in angle brackets for a medium that an Android export left out."""

STICKER = (
    "sticker|figurinha|autocolante|pegatina|стикер|наклейк|naklej|nálepka|matrica|klister|klistre|tarra|çıkartma|stiker|"
    "pelekat|adhesiu|αυτοκόλλητο|סטיקר|تم حذف الملصقات|استیکر|اسٹیکر|स्टिकर|স্টিকার|貼圖|贴图|スタンプ|스티커|đã bỏ sticker|"
    "ไม่มีสติกเกอร์|pominięto naklej"
)
CONTACT = (
    "contact card|cartão do contato|contacto|ficha de contacto|tarjeta de contacto|kontaktkarte|kontaktkort|"
    "fiche contact|scheda contatto|contactkaart|visitekaartje|карточка контакта|картка контакту|pominięta wizytówka|"
    "vizitka|karta kontaktu|névjegykártya|carte de vizită|η κάρτα επαφής|yhteystietokortti|posjetnica|"
    "targeta de contacte|kişi kartı|kartu kontak|kad kenalan|bỏ qua thẻ|บัตรรายชื่อ|כרטיס איש קשר|"
    "لم يتم إدراج بطاقة|برگ مخاطب|رابطہ کارڈ|कॉन्टैक्ट कार्ड|संपर्क कार्ड|聯絡人|联系人|連絡先|연락처"
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
        "এই মেসেজটি মুছে ফেলা হয়েছে|আপনি এই মেসেজটি মুছে ফেলেছেন"
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
        "Tato zpráva byla smazána|Tuto zprávu jste smazal/a|Tuto zprávu jste smazali"
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
        "यह मैसेज मिटाया गया|आपने यह मैसेज डिलीट किया|आपने यह मैसेज मिटाया"
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
        "이 메시지를 삭제했습니다|삭제된 메시지입니다|메시지를 삭제했습니다"
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
        "Вы удалили это сообщение|Это сообщение было удалено"
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
        "你收回了此訊息|此訊息已收回|你撤回了一条消息"
    ),
}
DELETED = tuple(dict.fromkeys(text for texts in _DELETED.values() for text in texts.split("|")))
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
)
"""The whole text of a message that an admin deleted; ``@`` stands for the admin's name."""

_EDITED = (
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

POLL = (
    "poll|enquete|sondagem|encuesta|umfrage|sondage|sondaggio|peiling|опрос|опитування|ankieta|anket|polling|"
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
    "فوتت مكالمة صوتية"
)
MISSED_CALLS = tuple(_MISSED_CALLS.split("|"))
"""The whole text of a missed call; on iOS more may follow."""

CALLS = (
    "Voice call",
    "Video call",
    "Chamada de voz",
    "Chamada de vídeo",
    "Videochamada",
    "Ligação de voz",
    "Ligação de vídeo",
    "Llamada",
    "Videollamada",
    "Sprachanruf",
    "Videoanruf",
    "Appel vocal",
    "Appel vidéo",
    "Chiamata vocale",
    "Videochiamata",
    "Spraakoproep",
    "Video-oproep",
    "Аудиозвонок",
    "Видеозвонок",
    "Sesli arama",
    "Görüntülü arama",
    "Panggilan suara",
    "Panggilan video",
)
"""What the line of a call begins with on iOS, where a mark shows that nobody typed it."""

NOTICE_BEFORE_COLON = (
    r".* (?:changed|has changed) (?:the|this group's) .*|.* created (?:the )?group .*|.* changed the subject .*|"
    r".* (?:mudou|alterou) (?:o|a|os|as) .*|.* criou o grupo .*|.* cambió (?:el|la|los|las) .*|.* creó el grupo .*|"
    r".* hat (?:den|die|das) .* geändert.*|.* hat die gruppe .*|.* a (?:changé|modifié) .*|.* a créé le groupe .*"
)
"""An "author" that is the first half of an Android notice with a colon in it: ``Ana changed the subject to: Roma``."""

NOTICE_IOS = (
    "end-to-end|criptografia de ponta a ponta|encriptadas ponto a ponto|cifrados? de extremo a extremo|"
    "ende-zu-ende|chiffrés de bout en bout|сквозным шифрованием|наскрізним шифруванням|uçtan uca şifre|"
    "端對端加密|端到端加密|エンドツーエンド|종단간 암호화|מוצפנות מקצה|مشفرة تمامًا|رمزگذاری شده|اینڈ ٹو اینڈ|"
    "tap to learn more|secure service from meta|toque para saber mais|pulsa para obtener más|toca para obtener más|"
    "tippe, um mehr zu erfahren|appuyez pour en savoir plus|tocca per saperne di più|tik voor meer informatie|"
    "подробнее$|торкніться, щоб дізнатися|daha fazla bilgi edinmek için|ketuk untuk info|点击了解更多|點擊以了解更多|"
    "タップして詳細|더 알아보려면|יש להקיש לקבלת|انقر هنا لمعرفة|برای کسب اطلاعات بیشتر|مزید جاننے کیلئے|"
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
