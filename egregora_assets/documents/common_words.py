"""Words that any two conversations share, in English, Portuguese, Spanish, German and French; from four letters on, no accents."""

from __future__ import annotations

COMMON_WORDS = frozenset(
    """
    abend aber about above abril acht actually after again against agora agosto ahora ainda algo alguem algum alguma
    algun alguna algunas alguno algunos alguns alle allem allen alles alli almost alors already also always amanha
    andere anderen another ante antes anyone anything aout apenas apres april aquel aquela aquele aquella aqui around
    assez assim auch aucun august aujourd aunque aussi autre autres avait avant avec avoir avril away back bald beaucoup
    because been before beim being below bereits best better between bien bist bitte boas bonjour bonne bonsoir both
    bring buenas bueno cada came cannot casa casi cela celle celui cependant cerca certains certo ceux chaque chez cinco
    cinq coisa come comes comme comment como contra contre could creo cual cualquier cuando cuanto cuatro cuja cujo
    danke dann dans dass dear december decembre dein deine dela dele deles demain demais denn depois depuis deren
    dernier desde despues dessa desse desta deste deux devant deve devem dezember dezembro dias diciembre didn didnt
    dienstag diese diesem diesen dieser dieses diez dimanche disse disso disto doch does doesn doesnt doing dois doit
    domingo donc donde done donnerstag dont dort down duas durante durch each eben eigentlich eight eine einem einen
    einer eines einfach einmal either elas eles eleven ella ellas elle elles ellos else embora encore enero enfin enough
    ensuite entao entonces entre eram eran eres esas esos essa essas esse esses esta estamos estan estao estar estas
    estava este estes esto estos estou estoy etaient etait etre etwas euch euer even evening ever every everyone
    everything faire fait fast faut fazer febrero februar february fevereiro fevrier fica ficar ficou fifty find first
    five fois foram forty four freitag friday from fueron funf ganz gegen gehen geht genau gente gerne gets getting gibt
    give goes going gone gonna good gracias great guess guten habe haben hace hacer hacia haha hahaha half hallo hasn
    hast hasta hatte have haven havent having hello here herself heure heures heute hier himself hinter hiya hoje hola
    hope hora horas hour hours however http https huit hundred ideas ihnen ihre ihrem ihren immer into irgendwie isnt
    isso isto itself jamais janeiro januar january janvier jede jeder jetzt jeudi jour jueves juillet juin julho juli
    julio july june junho juni junio just kann kannst keep kein keine kind kkkk klar know konnen konnte last later least
    less leur leurs like little look looks lors luego lundi lunes machen macht made maintenant maio mais make makes
    making manana manha many march marco mardi mars martes marz marzo maybe mayo mean mehr mein meine meist mejor melhor
    meme memes menos merci mercredi meses mesma mesmo meus mich mientras miercoles mieux might mind mine minha minhas
    minute minutes minuto minutos mismo mittwoch moins mois monday montag month months more morgen morning most much
    mucha mucho muchos muita muito muitos muss mussen must myself nach nada nadie naquele near need needs nela nele
    nenhum nessa nesse nesta neste neuf neun never next nice nicht nichts night nine ninguem ningun noch noches nochmal
    noite nope nosotros nossa nosso nothing notre nous nove november novembre novembro noviembre nuestra nuestro nueve
    nunca obrigada obrigado ocho october octobre octubre oder ohne oito okay oktober once onde only ontem other others
    otra otras otro otros ought ours outra outras outro outros outubro over para parce parece parfois parmi partout pela
    pelas pelo pelos pendant people pero personne pessoal petit peut peux please plus plusieurs plutot poco pode podem
    poder pois porque pouco pour pourquoi presque pretty puede pueden pues puis quais qual qualquer quand quando quanto
    quarta quase quatre quatro quel quelle quelque quelques quem quer quien quiero quinta quite quoi rather really rien
    right rsrs sabado sabe sagt said salut same samedi samstag sans saturday says schon sechs second seem seems seen
    segun segunda sehr sein seine seis seja selbst semaine semaines semana semanas sempre sendo sent sept september
    septembre septiembre sera serait seria sete setembro seulement seus seven sexta shall should shouldn show sich
    sicher sieben siempre siete since sind sino sinon sobre soll sollte solo some somebody someone something somos
    sondern sonntag sonst sont soon sorry sous souvent still stunde stunden suas such suis sunday sure take takes talk
    tambem tambien tampoco tanto tarde tardes tell temos tenemos tengo tenho terca teve than thank thanks that thats
    their theirs them themselves then there theres these they thing things think third thirty this those though three
    through thursday tiene tienen time tinha toda todas todavia today todo todos together told tomorrow tonight took
    toujours tous tout toute toutes tras treinta trente tres tried trinta trop trying tudo tuesday tuve twelve twenty
    uber uberhaupt umas unas under unos unser unter until upon usted ustedes vais vamos vendredi vers very vezes viel
    viele vielleicht vier viernes voce voces voici voila vont votre vous vraiment wann want wants ware warum wasn wasnt
    wednesday week weekend weil weiß welche well wenig wenn went werde werden were weren what whatever when where
    whether which while whole whom whose wieder will wird wirklich wish with within without woche wochen wollen wont
    worden work works would wouldn wurde yeah year years yesterday youll your youre yours yourself youve zehn zusammen
    zwei zwischen
    """.split()
)
