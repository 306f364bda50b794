"""What is done to things in tasks, in all its forms: "I'll send", "já mandei" and "ist geschickt" speak of one act,
and so do what comes to the same: who was to call somebody, and has spoken to them, has done it."""

from __future__ import annotations

_FORMS = {
    "attach": "attach attached attaching anexo anexei anexar adjunto adjuntado angehangt joindre",
    "bake": "bake baked baking asso assei assar cozinho cozinhei cozinhar horneo horneado backe gebacken backen",
    "book": (
        "book booked booking reserve reserved reserving reservo reservei reservar reserva reservado reservada reservou buche "
        "gebucht buchen reserviere reserviert reservieren reservee reserver confirm confirmed confirming confirmo confirmei "
        "confirmar confirma confirmou confirmado confirmada bestatige bestatigt confirme confirmee confirmer schedule scheduled "
        "marco marquei marcar marca marcou marcado marcada agendo agendei agendar agendado agendada"
    ),
    "cancel": (
        "cancel cancelled canceled cancelling cancelo cancelei cancelar cancelado storniere storniert annule annulee annuler"
    ),
    "check": (
        "check checked checking verifico verifiquei verificar confiro conferi conferir compruebo comprobado comprobar prufe "
        "gepruft prufen verifie verifier"
    ),
    "clean": (
        "clean cleaned cleaning wash washed limpo limpei limpar limpa limpou lavo lavei lavar limpio limpiado limpiar putze "
        "geputzt putzen nettoie nettoye nettoyer"
    ),
    "fix": (
        "fix fixed fixing repair repaired conserto consertei consertar conserta arrumo arrumei arrumar arreglo arreglado "
        "arreglar repariere repariert reparieren repare reparee reparer corrijo corrigi corrigir corrige corrected correct"
    ),
    "get": (
        "bring brought bringing levo levei levar leva levou trago trouxe trazer traz llevo llevado llevar traigo traido traer "
        "bringe gebracht bringen apporte apportee apporter buy bought buying get purchase purchased compro comprei comprar "
        "compra comprou comprado comprada kaufe gekauft kaufen besorge besorgt besorgen achete achetee acheter collect "
        "collected pick picked picking fetch fetched busco busquei buscar busca pego peguei pegar pega recojo recogido recoger "
        "hole geholt abgeholt holen abholen chercher recupere recuperer order ordered ordering encomendo encomendei encomendar "
        "peco pedi pedir pede pediu pido pedido bestelle bestellt bestellen commande commandee commander"
    ),
    "invite": (
        "invite invited inviting convido convidei convidar invito invitado invitar lade eingeladen einladen inviter"
    ),
    "open": "open opened opening abro abri abrir abre abriu abierto offne geoffnet ouvre ouvert ouvrir",
    "pay": "pay paid paying pago paguei pagar paga pagou pagado zahle bezahlt bezahle bezahlen paye payee payer",
    "prepare": (
        "prepare prepared preparing preparo preparei preparar prepara preparou preparado bereite vorbereitet vorbereiten "
        "preparee preparer"
    ),
    "print": (
        "print printed printing imprimo imprimi imprimir imprime imprimiu impresso impressa impreso drucke gedruckt ausgedruckt "
        "drucken imprimee imprimer"
    ),
    "return": (
        "return returned returning devolvo devolvi devolver devolve devolveu devuelvo devuelto zuruckgegeben rendre rendu"
    ),
    "review": "review reviewed reviewing reviso revisei revisar revisa revisou revisado relu relire",
    "send": (
        "publish published upload uploaded uploading post posted posting publico publiquei publicar posto postei postar subo "
        "subi subir subido publicado hochgeladen hochladen publie publier send sends sending sent forward forwarded mail mailed "
        "email emailed share shared sharing mando mandei mandar manda mandou mandado mandada envio enviei enviar envia enviou "
        "enviado enviada schicke geschickt schicken sende gesendet senden envoie envoye envoyee envoyer submit submitted hand "
        "handed entrego entreguei entregar entrega entregou entregue entregado abgegeben abgeben"
    ),
    "sign": (
        "sign signed signing assino assinei assinar assina assinou assinado firmo firmado firmar unterschreibe unterschrieben "
        "signe signee signer"
    ),
    "speak": (
        "ask asked asking pergunto perguntei perguntar perguntou pregunto preguntado preguntar frage gefragt fragen demande "
        "demander call called calling phone phoned ring rang ligo liguei ligar liga ligou llamo llamado llamar rufe angerufen "
        "anrufen appelle appeler telefono telefonei telefonar talk talked speak spoke spoken falo falei falar fala falou hablo "
        "hablado hablar spreche gesprochen sprechen parle parler tell told inform informed notify notified aviso avisei avisar "
        "avisa avisou avisado previens prevenu prevenir"
    ),
    "translate": (
        "translate translated traduzo traduzi traduzir traduzco traducido traducir ubersetze ubersetzt traduis traduit"
    ),
    "update": (
        "update updated updating atualizo atualizei atualizar atualiza atualizou actualizo actualizado actualizar aktualisiere "
        "aktualisiert mettre"
    ),
    "write": (
        "write wrote written writing draft drafted escrevo escrevi escrever escreve escreveu escribo escrito escribir schreibe "
        "geschrieben schreiben ecris ecrit ecrire"
    ),
}
ACTS = {form: act for act, forms in _FORMS.items() for form in forms.split()}
"""The act that each form speaks of, in lower case and without accents."""
