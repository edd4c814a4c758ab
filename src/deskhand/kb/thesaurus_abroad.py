"""What people call the same thing in other languages than English, written as in `thesaurus`."""

OTHERS = {
    "german": """
anmelden, einloggen, login, anmeldung, log in, zugang
abmelden, ausloggen, logout
passwort, kennwort, zugangsdaten
registrieren, registrierung, konto anlegen, konto erstellen
abo, abonnement, vertrag, tarif, plan, paket
kundigen, kundigung, beenden, abbestellen, abo beenden
rechnung, beleg, quittung
zahlung, bezahlen, zahlen, abrechnung, abbuchung
kreditkarte, karte, zahlungsart, zahlungsmittel
erstattung, erstatten, ruckzahlung, geld zuruck, ruckerstattung
preis, kosten, gebuhr
rabatt, gutschein, nachlass, ermassigung
mitarbeiter, benutzer, nutzer, kollege, kollegin, mitglied
recht, berechtigung, rolle, zugriff
einladen, einladung, hinzufugen
loschen, loschung, entfernen
erstellen, anlegen, hinzufugen
andern, anderung, anpassen, bearbeiten, wechseln
fehler, problem, storung, fehlgeschlagen, ausfall, ausgefallen, funktioniert nicht, geht nicht
abgelehnt, verweigert, nicht akzeptiert, nicht angenommen
benachrichtigung, mitteilung, newsletter, e mails
handy, telefon, smartphone, mobiltelefon
datenschutz, dsgvo, personenbezogene daten, auftragsverarbeitung, av vertrag
einstellungen, konfiguration, einrichten, einrichtung
herunterladen, exportieren, export, download
hochladen, importieren, import, upload
kontakt, support, kundendienst, hilfe
langsam, geschwindigkeit, ladezeit
app, anwendung, programm, software
tastenkurzel, tastenkombination, shortcut
bestellung, auftrag, order
lieferung, versand, zustellung, sendung
bildschirm, monitor, display
vorlage, muster, template
shop, laden, onlineshop
termin, buchung, reservierung
termin, besprechung, meeting, verabredung
mail, nachricht, email, e mail
rechner, computer, pc, notebook, gerat
umziehen, umzug, migrieren, migration, wechseln
sicherung, sichern, backup, datensicherung
wiederherstellen, zuruckholen, ruckgangig, wiederherstellung
bild, foto, grafik
anhang, anhangen, datei anhangen, mitschicken, beifugen
spam, werbung, unerwunscht, junk
netz, internet, web, online
freigeben, teilen, freigabe, veroffentlichen
senden, schicken, verschicken, abschicken, versenden
verschwunden, weg, fehlt, fehlen, nicht sehen, nicht angezeigt
speicherplatz, voll, speicher
ton, klang, signalton
lesebestatigung, gelesen
sperren, gesperrt, blockieren, blockiert
ordner, verzeichnis
suchen, finden, suche
erinnern, erinnerung, alarm, wecker
signatur, unterschrift
zusammenfuhren, verbinden, verknupfen
absturz, sturzt ab, absturzen
""",
    "french": """
connexion, connecter, identifier, login, acceder
mot de passe, code d acces
abonnement, forfait, offre, formule
resilier, resiliation, annuler, annulation, arreter, desabonner
facture, facturation, recu
paiement, payer, regler, prelevement
rembourser, remboursement
prix, tarif, cout
utilisateur, collegue, membre, employe, collaborateur
inviter, invitation, ajouter
supprimer, suppression, effacer
creer, creation, ajouter
modifier, changer, modification
erreur, probleme, panne, echec, ne fonctionne pas, ne marche pas
refuse, rejete, declinee
telecharger, exporter, export
importer, import
telephone, portable, mobile
application, logiciel, programme, app
commande, achat
livraison, expedition, envoi, colis
boutique, magasin, commerce
ordinateur, pc, poste
lent, lenteur, vitesse
agenda, calendrier
rendez vous, reunion, evenement
courriel, mail, email, message, courrier, e mail
sauvegarde, sauvegarder, copie, backup
restaurer, recuperer, restauration, recuperation
indesirable, pourriel, spam, publicite
disparu, perdu, introuvable, manquant, ne vois pas, ne voit pas
partager, partage, publier, publication
image, photo
joindre, piece jointe, pieces jointes, attacher
espace disque, pleine, plein, stockage
chiffrer, crypter, chiffrement, cryptage
doublon, double, duplique
parametre, preference, reglage, configuration, configurer, option
dossier, repertoire
envoyer, expedier, transmettre
rappel, rappeler, alarme, prevenir, avertir, notification, alerte
chercher, rechercher, recherche, trouver
orthographe, orthographique, fautes
bloquer, bloque, suspendre
""",
    "spanish": """
acceder, acceso, iniciar sesion, entrar, login
contrasena, clave de acceso
suscripcion, plan, abono, tarifa
cancelar, cancelacion, dar de baja, darse de baja, anular
factura, facturacion, recibo
pago, pagar, cobro, cargo
reembolso, reembolsar, devolucion, devolver
precio, coste, costo, tarifa
usuario, companero, miembro, empleado, colega
invitar, invitacion, anadir, agregar
eliminar, borrar, quitar, suprimir
crear, anadir, agregar
cambiar, modificar, editar
error, problema, fallo, falla, no funciona
rechazado, denegado, no aceptado
descargar, exportar, exportacion
importar, subir
telefono, movil, celular
aplicacion, app, programa, software
pedido, orden, compra
envio, entrega, paquete
tienda, comercio
ordenador, computadora, pc
lento, lentitud, velocidad
archivo, fichero
calendario, agenda
cita, reunion, evento
correo, mensaje, email, e mail, mail
copia de seguridad, copia, respaldo, respaldar, backup
restaurar, recuperar, deshacer
spam, basura, no deseado, publicidad
desaparecido, desaparecer, perdido, falta, no veo, no aparece
compartir, publicar, publicacion
imagen, foto, fotografia
adjuntar, adjunto
espacio, lleno, almacenamiento
cifrar, cifrado, encriptar, encriptacion
duplicado, doble, repetido
ajuste, configuracion, configurar, preferencia, opcion
carpeta, directorio
enviar, mandar
recordatorio, recordar, aviso, avisar, alarma, notificacion, alerta
buscar, busqueda, encontrar
ortografia, ortografico, faltas
bloquear, bloqueado, suspender
""",
    "portuguese": """
entrar, acessar, acesso, login, fazer login
senha, palavra passe
assinatura, plano, subscricao
cancelar, cancelamento, encerrar
fatura, nota fiscal, recibo, cobranca
pagamento, pagar, cobranca
reembolso, reembolsar, devolucao, estorno
preco, custo, valor
usuario, utilizador, colega, membro, funcionario
convidar, convite, adicionar
excluir, apagar, remover, eliminar, deletar
criar, adicionar
alterar, mudar, trocar, editar
erro, problema, falha, nao funciona
recusado, rejeitado, negado
baixar, descarregar, exportar
importar, carregar
telefone, celular, telemovel
aplicativo, app, programa, software
pedido, encomenda, compra
envio, entrega, pacote
loja, comercio
computador, pc, notebook
lento, lentidao, velocidade
arquivo, ficheiro
calendario, agenda
compromisso, reuniao, evento
correio, mensagem, email, e mail, mail
backup, copia de seguranca, copia
restaurar, recuperar, desfazer
spam, lixo, indesejado, publicidade, propaganda
desaparecido, sumiu, sumiram, perdido, faltando, nao vejo, nao aparece
compartilhar, partilhar, publicar
imagem, foto, fotografia
anexar, anexo
espaco, cheio, cheia, armazenamento
criptografar, encriptar, criptografia, cifrar
duplicado, dobro, repetido
configuracao, configurar, preferencia, opcao, definicao
pasta, diretorio
enviar, mandar
lembrete, lembrar, aviso, avisar, alarme, notificacao, alerta
buscar, pesquisar, procurar, encontrar
ortografia, ortografico
bloquear, bloqueado, suspender
""",
}
