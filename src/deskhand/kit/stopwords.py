"""Words that carry no meaning of their own, by language: left out of queries, and telling a text's language."""

_LISTS = {
    "english": """
        a about after again all also am an and any are as at be because been before being but by can cannot cant could
        did do does doing dont during each for from get got had has have having he her here hers him his how i id if im
        in into is isnt it its ive just let like me my myself need no nor not of on once only or other our out over
        please please own same she should so some such than thanks that the their them then there these they this those
        through to too under until up us very want was we were what when where which while who whom whose why will with
        wont would you your yours help hello hi hey possible way able anyone somebody someone trying try""",
    "german": """
        aber alle als also am an auch auf aus bei beim bin bis bist da damit dann das dass dem den der des die dir doch
        du durch ein eine einem einen einer eines er es euch fur habe haben hat hier ich ihm ihn ihr ihre im in ins ist
        ja kann kein keine konnen man mein meine meinen meiner mich mir mit mochte muss nach nicht noch nun nur ob oder
        ohne sein sich sie sind so uber um und uns unser unsere unter vom von vor war warum was wenn wer werden wie wir
        wird wo zu zum zur bitte""",
    "french": """
        a ai au aux avec avez c ce cela ces cet cette comment d dans de des du elle en est et etre il ils j je l la le
        les leur lui m ma mais me mes mon n ne nos notre nous on ont ou par pas peut plus pour pourquoi puis qu quand
        que quel quelle qui s sa sans se ses si son sont sur ta te tes toi ton tu un une veux vos votre vous y""",
    "spanish": """
        a al como con cual cuando de del desde donde el ella ellos en entre era es esta estan este esto estos fue ha
        hacer hacia hay la las le les lo los mas me mi mis mucho muy no nos nosotros o os para pero por porque puede
        puedo que quien quiero se ser si sin sobre son su sus tambien te tengo tiene tu tus un una uno unos usted y ya
        yo""",
    "portuguese": """
        a ao aos as com como da das de dela dele do dos e ela ele em entre era essa esse esta este eu foi ha isso isto
        ja la lhe mais mas me meu meus minha minhas muito na nao nas nem no nos nossa nosso num numa o os ou para pela
        pelo por porque posso qual quando que quem quero se sem ser seu seus sua suas tambem te tem tenho um uma voce
        voces""",
}

# Words that say little, but not nothing, about what is asked for.
_FAINT_LISTS = {
    "english": """
        again already always anymore anything arent back become been call called came come comes correctly couldnt
        couple currently day didnt different doesnt else ever every everybody everyone everything few give gives given
        go goes going gone gonna good hadnt happen happened happening happens hasnt haven havent hows im instead ive
        keep keeps kind know last late later least less long look looking lot lots made make makes making many maybe
        mean means more most much nobody nothing often one others part particular probably properly put really right
        say says see seem seems several shouldnt show since something sometimes sort still stuff suddenly sure take
        takes taken tell thats thing things think took two use used uses using usually various wants wasnt way well
        went werent whats whatever whenever wheres without work worked working works wouldnt yet youre learn mine
        anyway actually sorry thanks thank seemingly basically simply quite accidentally ago ask asked asking bought
        bring brought certain easily entire hope morning needed needs nicer okay ok specific today told unfortunately
        urgent urgently whole wish wondering yesterday""",
    "german": """
        immer wieder mehr weniger sehr ganz gar etwas alles nichts neu neue neuen neuer neues andere anderen anderer
        anderes gehen geht ging gibt geben machen macht gemacht lassen lasst bekommen bekomme kommt kommen erfahren
        weitere wissen nutzen verwenden benutzen funktioniert funktionieren moglich richtig standig plotzlich
        eigentlich schon jetzt heute gestern sollte soll wollen will mochten konnte konnten hatte wurde wurden warten
        danke hallo brauche brauchen jemand jeder jede jedes viele viel wenig""",
    "french": """
        toujours encore plus moins tres trop tout tous toute toutes rien autre autres nouveau nouvelle faire fait fais
        aller va vais donner obtenir savoir utiliser utilise fonctionne fonctionner marche possible bien maintenant
        aujourd hui hier voudrais souhaite besoin merci bonjour quelqu chaque beaucoup temps fois alors deja""",
    "spanish": """
        siempre otra vez otro otros otras nuevo nueva hacer hago dar obtener conseguir saber usar uso utilizar
        funciona funcionar posible bien ahora hoy ayer quisiera necesito gracias hola alguien cada tanto tiempo todo
        todos toda todas nada algo ver tener""",
    "portuguese": """
        sempre outra vez outro outros outras novo nova fazer faco dar obter conseguir consigo saber usar uso utilizar
        funciona funcionar possivel bem agora hoje ontem queria preciso obrigado ola alguem cada tanto tempo tudo
        todos toda todas nada algo ver ter""",
}

STOPWORDS: dict[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in _LISTS.items()}
ENGLISH = STOPWORDS["english"]
FAINT = {name: frozenset(words.split()) for name, words in _FAINT_LISTS.items()}
