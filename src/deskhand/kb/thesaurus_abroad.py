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
""",
}
