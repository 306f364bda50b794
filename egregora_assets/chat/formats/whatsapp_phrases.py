"""What WhatsApp itself writes into exports, by meaning: English, Portuguese, Spanish, German, French, Italian, Dutch.

Add a language by adding its words here. Strings are RE2 alternatives without nested repeats, compared in
lower case; tuples are compared as they are written, with or without a full stop.
"""

from __future__ import annotations

FILE_NAMES = (
    "whatsapp[ -]chat (?:with|-|mit|met)|conversa (?:do|no) whatsapp com|chat de whatsapp con|discussion whatsapp avec|"
    "chat whatsapp con|чат whatsapp с"
)
"""What stands before the chat's name in the name of an exported file."""

ATTACHED = (
    "file attached|arquivo anexado|ficheiro anexado|archivo adjunto|datei angehängt|fichier joint|file allegato|"
    "bestand bijgevoegd|файл добавлен|添付ファイル|文件附件|파일 첨부됨"
)
"""After a file's name on Android: ``IMG-20240105-WA0003.jpg (file attached)``."""

ATTACHED_IOS = "attached|anexado|anexada|adjunto|anhang|pièce jointe|allegato|bijgevoegd"
"""Before a file's name on iOS: ``<attached: 00000042-PHOTO-2024-01-05-10-00-00.jpg>``."""

OMITTED = (
    "(?: omitted| omitid[oa]s?| ocult[oa]s?| ocultad[oa]s?| não revelad[oa]| weggelassen| ausgeschlossen|"
    " absente?s?| omise?s?| omess[oaie]| weggelaten| verwijderd uit export|"
    " отсутствует| пропущено?| pominięt[oya]| utelämna[dt]|"
    " utelatt| udeladt| jätettiin pois| vynechán[oay]?| dahil edilmedi| tidak disertakan|"
    "省略|は含まれていません|제외됨|생략됨)>?$|^(?:忽略|略过|略過)"
)
"""A medium that was left out; on iOS as in ``image omitted``."""

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

OMITTED_ANDROID = (
    "<Media omitted>",
    "<Mídia oculta>",
    "<Ficheiro não revelado>",
    "<Multimedia omitido>",
    "<Medien ausgeschlossen>",
    "<Médias omis>",
    "<Media omessi>",
    "<Media weggelaten>",
)
"""The whole text of a medium that an Android export left out. Other languages are told by their form."""

STICKER = "sticker|figurinha|autocolante|pegatina"
CONTACT = "contact card|cartão do contato|ficha de contacto|tarjeta de contacto|kontaktkarte|fiche contact|contactkaart"

DELETED = (
    "This message was deleted",
    "You deleted this message",
    "Mensagem apagada",
    "Esta mensagem foi apagada",
    "Essa mensagem foi apagada",
    "Você apagou esta mensagem",
    "Apagou esta mensagem",
    "Eliminou esta mensagem",
    "Esta mensagem foi eliminada",
    "Se eliminó este mensaje",
    "Este mensaje fue eliminado",
    "Eliminaste este mensaje",
    "Diese Nachricht wurde gelöscht",
    "Du hast diese Nachricht gelöscht",
    "Ce message a été supprimé",
    "Vous avez supprimé ce message",
    "Questo messaggio è stato eliminato",
    "Hai eliminato questo messaggio",
    "Dit bericht is verwijderd",
    "Je hebt dit bericht verwijderd",
)
"""The whole text of a deleted message."""

DELETED_BY_ADMIN = (
    "this message was deleted by admin|essa mensagem foi apagada pelo admin|esta mensagem foi apagada pelo admin|"
    "este mensaje fue eliminado por|diese nachricht wurde vo[nm]"
)

EDITED = (
    "this message was edited|mensagem editada|esta mensagem foi editada|se editó este mensaje|"
    "diese nachricht wurde bearbeitet|ce message a été modifié|questo messaggio è stato modificato|"
    "dit bericht is bewerkt"
)

VIEW_ONCE = "view once|visualização única|visualización única|einmalig|vue unique|visualizza una volta|eenmalig"
"""Part of the notice that iOS puts for a photo or video that can be opened once; Android leaves its text empty."""

POLL = "poll|enquete|sondagem|encuesta|umfrage|sondage|sondaggio|peiling"
LOCATION = "location|localização|ubicación|standort|localisation|position|posizione|locatie"
LIVE_LOCATIONS = (
    "live location shared",
    "Live location shared",
    "localização em tempo real compartilhada",
    "Localização em tempo real compartilhada",
    "ubicación en tiempo real compartida",
    "Ubicación en tiempo real compartida",
    "Live-Standort wird geteilt",
)
"""The whole text of a live location."""

MISSED_CALLS = (
    "Missed voice call",
    "Missed video call",
    "Missed group voice call",
    "Missed group video call",
    "Silenced voice call",
    "Silenced video call",
    "Chamada de voz perdida",
    "Chamada de vídeo perdida",
    "Ligação de voz perdida",
    "Ligação de vídeo perdida",
    "Llamada perdida",
    "Videollamada perdida",
    "Verpasster Sprachanruf",
    "Verpasster Videoanruf",
    "Appel vocal manqué",
    "Appel vidéo manqué",
    "Chiamata vocale persa",
    "Videochiamata persa",
    "Gemiste spraakoproep",
    "Gemiste video-oproep",
)
"""The whole text of a missed call; on iOS more may follow."""

CALLS = (
    "Voice call",
    "Video call",
    "Chamada de voz",
    "Chamada de vídeo",
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
)
"""What the line of a call begins with on iOS, where a mark shows that nobody typed it."""

NOTICE_BEFORE_COLON = (
    r".* (?:changed|has changed) (?:the|this group's) .*|.* created (?:the )?group .*|.* changed the subject .*|"
    r".* (?:mudou|alterou) (?:o|a|os|as) .*|.* criou o grupo .*|.* cambió (?:el|la|los|las) .*|.* creó el grupo .*|"
    r".* hat (?:den|die|das) .* geändert.*|.* hat die gruppe .*|.* a (?:changé|modifié) .*|.* a créé le groupe .*"
)
"""An "author" that is the first half of an Android notice with a colon in it: ``Ana changed the subject to: Roma``."""
