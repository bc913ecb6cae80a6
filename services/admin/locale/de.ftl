# Überall
admin = Creator-Bereich
spaces = Spaces
profile = Profil
save = Speichern
back = Zurück
name = Name
address = Adresse
description = Beschreibung
status = Status
actions = Aktionen
role = Rolle
currency = Währung
slug-hint = 3 bis 40 Zeichen aus a–z, 0–9 und Bindestrichen. Lass das Feld leer, dann entsteht sie aus dem Namen.
yes = ja
no = nein

# Die ersten Schritte und die Liste der Spaces
my-spaces = Deine Spaces
new-space = Neuer Space
welcome = Willkommen backstage
welcome-lead = Noch drei Schritte, dann kann man bei dir Pässe kaufen.
no-profile-yet = Du hast noch kein öffentliches Profil.
open-profile = Profil anlegen
step-profile = Leg dein Profil an
step-profile-why = Ein Name und eine Adresse, denen man folgen kann.
step-profile-done = Erledigt: @{ $username }
step-space = Leg einen Space an
step-space-why = Der Ort für dein Live-Video und deine Chats.
step-pass = Verkauf einen Pass
step-pass-why = Wähl aus, was er öffnet und was er kostet, und veröffentliche ihn.

# Profil
profile-lead = Das sieht man unter deiner Adresse. Du kannst alles ändern außer dem Benutzernamen.
username = Benutzername
username-hint = 3 bis 30 Zeichen aus a–z, 0–9 und Unterstrichen. Er lässt sich später nicht ändern.
display-name = Anzeigename
bio = Über dich
bio-hint = Ein paar Sätze. Alle können sie lesen.
followers = { $count ->
    [one] ein Follower
   *[other] { $count } Follower
}

# Spaces
space-name = Name des Space
space-slug-hint = Die Adresse deiner Seite. Lass das Feld leer, dann entsteht sie aus dem Namen. Sie lässt sich später nicht ändern.
space-description-hint = Sag, was hier passiert, für alle, die dich noch nicht kennen.
currency-hint = Die übliche Währung deiner Pässe. Für einen Pass kannst du eine andere wählen.
time-zone = Zeitzone
time-zone-hint = In dieser Zone gibst du Zeiten ein und liest sie.
visibility = Wer ihn findet
visibility-public = Alle: Er steht auf deinem Profil
visibility-private = Wer den Link hat
create-space = Space anlegen
tab-overview = Überblick
tab-members = Mitglieder
tab-team = Team
tab-details = Angaben
state-draft = Entwurf
state-published = Veröffentlicht
state-archived = Archiviert
space-is-draft = Nur dein Team sieht diesen Space
space-is-draft-why = Füge Erlebnisse und Pässe hinzu, dann veröffentliche ihn.
publish-space = Space veröffentlichen
see-page = So sehen ihn alle: { $address }
numbers = Zahlen
net = { $currency } aus { $count ->
    [one] einem Kauf
   *[other] { $count } Käufen
}
net-formula = { $gross } bezahlt − { $refunds } erstattet, vor den Gebühren des Zahlungsanbieters
sold = { $count ->
    [0] keiner verkauft
    [one] einer verkauft
   *[other] { $count } verkauft
}
left = { $count ->
    [one] Ein Platz ist noch frei.
   *[other] { $count } Plätze sind noch frei.
}

# Erlebnisse
experiences = Erlebnisse
add-experience = Erlebnis hinzufügen
no-experiences = Noch gibt es keine Erlebnisse.
kind = Art
kind-live = Live-Video
kind-live-why = mit einem Chat daneben
kind-chat = Chat
kind-chat-why = ein eigener Raum, ohne Video
on-air = Auf Sendung
opening = Der Raum wird geöffnet …
not-on-air-yet = Noch nicht auf Sendung
go-live = Live gehen
go-live-title = Es kann losgehen
go-live-why = Dein Browser fragt nach Kamera und Mikrofon. Sobald es ein Bild gibt, benachrichtigen wir alle, die Zugang haben.
video-preparing-title = Fast bereit
video-preparing = Der Videoserver wird eingerichtet: einmalig etwa { $minutes } Minuten.
video-starting = Der Videoserver startet.
video-preparing-why = Sobald er bereit ist, erscheint hier der Knopf zum Livegehen.
video-absent-title = Hier gibt es kein Live-Video
video-absent = Diese Installation hat keinen Videoserver, deshalb kann niemand live gehen. Wer sie betreibt, findet den Grund im Protokoll.
last-stream = Der letzte Stream endete am { $ended }.
stage-is-open = Deine Bühne ist offen, und noch weiß niemand davon. Starte die Kamera, wenn du bereit bist: Dann bist du auf Sendung, und wir benachrichtigen alle, die Zugang haben.
stage-on-air = Du bist auf Sendung, und wir haben alle benachrichtigt, die Zugang haben.
stage-without-scripts = Deine Kamera braucht JavaScript. Bitte erlaube es auf dieser Seite.
end-stream = Stream beenden
since = Seit
recording = Aufzeichnung
recording-off = Aus
recording-requested = Angefordert
chat-only = Dieses Erlebnis ist ein Chat. Alle, die Zugang haben, können darin schreiben.
live-by-hosts = Mit deiner Rolle in diesem Space kannst du nicht live gehen.
open-room = Raum öffnen
open-chat = Chat öffnen

# Was das Video auf seiner Bühne sagt
watch-connecting = Verbindung wird hergestellt …
watch-waiting = Warten auf den Beginn des Streams …
watch-waiting-for-host = Warten auf das Bild …
watch-reconnecting = Die Verbindung ist abgebrochen. Neuer Versuch …
watch-unmute = Ton einschalten
watch-ended = Der Stream ist beendet.
watch-removed = Du wurdest aus dem Stream entfernt.
watch-elsewhere = Du bist in einem anderen Fenster live.
watch-watch-here = Stattdessen hier live gehen
watch-failed = Die Bühne ließ sich nicht öffnen. Erlaube die Kamera und schließe andere Programme, die sie benutzen.
watch-unreachable = Der Videoserver ist gerade nicht erreichbar. Bitte versuche es noch einmal.
watch-try-again = Noch einmal versuchen
watch-no-access = Nur das Team dieses Space darf auf die Bühne.
watch-go-live = Kamera starten
watch-camera-on = Kamera an
watch-camera-off = Kamera aus
watch-microphone-on = Mikrofon an
watch-microphone-off = Mikrofon aus

# Pässe
passes = Pässe
new-pass = Neuer Pass
no-passes = Noch ist nichts im Verkauf.
unpublished-changes = mit unveröffentlichten Änderungen
what-it-is = Beschreibung
opens = Enthält
price = Preis
price-hint = Zum Beispiel 19,90
price-free = Kostenlos
price-monthly = { $price } im Monat
price-yearly = { $price } im Jahr
price-lifetime = { $price }
pricing = Preismodell
pricing-free = Kostenlos
pricing-free-why = Anmelden genügt
pricing-one_time = Einmalig
pricing-one_time-why = eine Zahlung
pricing-recurring = Mitgliedschaft
pricing-recurring-why = eine Zahlung in jedem Monat oder Jahr
recurring-later = Du kannst eine Mitgliedschaft als Entwurf speichern. Veröffentlichen lässt sie sich noch nicht.
billing-period = Zahlung
billing-monthly = monatlich
billing-yearly = jährlich
stock = Anzahl
stock-hint = Lass das Feld leer, wenn die Zahl nicht begrenzt ist.
more-terms = Weitere Bedingungen
more-terms-which = Verkaufszeiten, Ablauf, Gebühren, Warteliste und mehr
sale = Verkauf
times-in-zone = Alle Zeiten gelten in der Zeitzone { $zone }.
sale-starts = Verkaufsbeginn
sale-ends = Verkaufsende
duration = Wie lange er gilt
auto-expire = Läuft ab am
auto-expire-hint = Für alle zur selben Zeit.
expires-after = Läuft ab nach (Tage)
expires-after-hint = Ab dem Kauf gezählt.
stock-mode = Wenn ein Mitglied geht
stock-mode-usual = Wie üblich: Bei einer Mitgliedschaft wird der Platz wieder verkauft
stock-mode-editions = Der Platz wird nicht wieder verkauft
stock-mode-seats = Der Platz wird wieder verkauft
payment = Zahlung
initial-fee = Einmalige Gebühr
initial-fee-hint = Einmal, mit der ersten Zahlung.
trial-days = Kostenlos testen (Tage)
cancellation-discount = Rabatt für Mitglieder, die kündigen wollen (%)
cancellation-discount-hint = Er wird einmal angeboten.
split-payments = Kann in Raten bezahlt werden
split-payments-hint = Du kannst das in einem Entwurf speichern. Ein Pass mit Ratenzahlung lässt sich noch nicht veröffentlichen.
max-split-payments = Höchstzahl der Raten
max-split-payments-hint = Von 2 bis 12.
refund-policy = Erstattungsregeln
after-purchase = Nach dem Kauf
redirect-url = Käufer weiterleiten zu
redirect-url-hint = Eine vollständige Adresse, die mit https:// beginnt
waitlist = Warteliste
waitlist-on = Man bewirbt sich, und du wählst aus, wer kaufen darf
waitlist-hint = Du kannst das in einem Entwurf speichern. Ein Pass mit Warteliste lässt sich noch nicht veröffentlichen.
question-number = Frage { $number }
question = Frage
question-kind = Art der Antwort
question-text = Text
question-choice = Auswahl
question-checkbox = Kästchen
question-url = Webadresse
question-choices = Antworten zur Auswahl, eine pro Zeile
question-required = Eine Antwort ist nötig
questions = { $count ->
    [0] ohne Fragen
    [one] mit einer Frage
   *[other] mit { $count } Fragen
}
save-draft = Entwurf speichern
edit-pass = Bearbeiten
edit-pass-lead = Wer gekauft hat, behält seine Version. Deine Änderungen ergeben die nächste. Bis du sie veröffentlichst, sieht sie niemand.
preview = Vorschau
with-fee = einschließlich einer einmaligen Gebühr von { $fee }
plus-fee = dazu einmalig { $fee }
trial = { $days ->
    [one] Der erste Tag ist kostenlos
   *[other] Die ersten { $days } Tage sind kostenlos
}
publish = Veröffentlichen
publish-version = Version { $number } veröffentlichen
on-sale-as = Version { $number } ist im Verkauf seit { $since }.
nothing-to-publish = Alle deine Änderungen sind veröffentlicht.
changes-wait = Du hast unveröffentlichte Änderungen.
checklist = Vor dem Veröffentlichen
checklist-done = Alles ist bereit.
archive = Aus dem Verkauf nehmen
archive-why = Wer ihn gekauft hat, behält den Zugang. Du kannst ihn nicht wieder in den Verkauf geben.
archive-sure = Endgültig aus dem Verkauf nehmen
archived-why = Dieser Pass ist endgültig aus dem Verkauf. Wer ihn gekauft hat, behält den Zugang.

# Mitglieder
member = Mitglied
member-access = Zugang zu
why = Grund
no-members = Noch hat niemand Zugang.
members-are-ids = Mitglieder stehen hier mit den ersten Zeichen ihrer Kennung. Ihre Namen und Adressen bleiben privat.
purchases-unknown = Was bezahlt wurde, lässt sich gerade nicht anzeigen.
refund-failed = Die Erstattung ist gescheitert: { $reason } Das Geld ist nicht angekommen.
refund-failure-lost-or-stolen-card = Die Karte ist verloren oder gestohlen.
refund-failure-expired-or-canceled-card = Die Karte ist abgelaufen oder gekündigt.
refund-failure-charge-for-pending-refund-disputed = Die Zahlung wurde angefochten.
refund-failure-insufficient-funds = Dein Guthaben reichte nicht aus.
refund-failure-declined = Die Bank hat sie abgelehnt.
refund-failure-unknown = Die Bank hat keinen Grund genannt.
reason-purchase = Kauf
reason-free = Kostenloser Pass
reason-trial = Probezeit
reason-waitlist = Warteliste
reason-comp = Gast des Teams
reason-gift = Geschenk
access-active = Hat Zugang
access-not_yet = Noch nicht
access-expired = Abgelaufen
access-revoked = Entzogen
access-banned = Gesperrt
revoke = Entziehen
revoke-why = Zugang, Chat und Live-Video enden sofort. Erstattet wird dadurch nichts.
revoke-sure = Zugang entziehen
cause = Grund
cause-creator = deine Entscheidung
cause-abuse = Missbrauch
cause-mistake = Zugang war ein Versehen
newer = Neuere
older = Ältere

# Team
add-to-team = Zum Team hinzufügen
team-username-hint = Nötig ist ein Creator-Profil.
remove = Entfernen
role-owner = Inhaber
role-admin = Admin
role-admin-why = darf alles, nur nicht den Inhaber ändern
role-collaborator = Mitwirkung
role-collaborator-why = fügt Erlebnisse hinzu und geht live
role-moderator = Moderation
role-moderator-why = moderiert den Chat und sperrt Störende
role-support = Support
role-support-why = hilft Mitgliedern bei Zugang und Erstattungen
role-analyst = Analyse
role-analyst-why = sieht nur die Zahlen

# Was getan wurde
done-profile-opened = Dein Profil ist angelegt. Jetzt leg einen Space an.
done-saved = Gespeichert.
done-space-created = Der Space ist angelegt. Nur dein Team sieht ihn. Füge ein Erlebnis hinzu, dann einen Pass.
done-space-published = Der Space ist veröffentlicht: Alle können ihn sehen.
done-experience-added = Das Erlebnis ist hinzugefügt.
done-pass-drafted = Entwurf gespeichert. So werden ihn alle sehen.
done-pass-published = Der Pass ist im Verkauf.
done-pass-archived = Der Pass ist aus dem Verkauf.
done-stream-ended = Der Stream ist beendet.
done-access-revoked = Der Zugang ist entzogen.
done-team-changed = Das Team ist geändert.

# Was schiefging
amount-malformed = Bitte gib einen Betrag wie 19,90 ein, ohne Währung.
amount-decimals = { $decimals ->
    [0] Diese Währung hat keine Nachkommastellen.
   *[other] Diese Währung hat höchstens { $decimals } Nachkommastellen.
}
currency-unknown = In dieser Währung kann nicht bezahlt werden.
number-malformed = Bitte gib eine ganze Zahl ein.
moment-malformed = Bitte gib ein Datum und eine Uhrzeit ein.
problem-invalid-request = Bitte verbessere die markierten Felder.
problem-slug-taken = Diese Adresse ist vergeben.
problem-username-taken = Dieser Benutzername ist vergeben.
problem-changed-meanwhile = Während du geschrieben hast, wurde das von jemand anderem geändert. Davon geht nichts verloren: Vergleiche und speichere noch einmal.
problem-pass-not-ready = Der Pass lässt sich noch nicht veröffentlichen. Sieh in die Checkliste.
problem-pass-archived = Dieser Pass ist endgültig aus dem Verkauf und lässt sich nicht ändern.
problem-pass-not-published = Dieser Pass war nie im Verkauf.
problem-banned = Diese Person ist in diesem Space gesperrt. Hebe zuerst die Sperre auf.
problem-not-on-team = Du arbeitest nicht in diesem Space.
problem-role-too-small = Mit deiner Rolle in diesem Space kannst du das nicht. Frag den Inhaber oder einen Admin.
problem-role-not-allowed = Mit deiner Rolle in diesem Space kannst du das nicht. Frag den Inhaber oder einen Admin.
problem-owner-stays = Der Inhaber kann seinen Space nicht verlassen.
problem-already-live = Dieses Erlebnis ist schon auf Sendung.
problem-storage-low = Unser Speicher ist knapp, deshalb kann gerade kein Stream beginnen. Bitte versuche es in ein paar Minuten noch einmal. Deine Daten sind sicher.
problem-not-a-live-experience = Dieses Erlebnis hat kein Video.
problem-experience-not-found = Der Videodienst kennt dieses Erlebnis noch nicht. Bitte versuche es gleich noch einmal.
problem-video-server-not-ready = Du kannst noch nicht live gehen: Der Videoserver ist nicht bereit.
problem-stream-not-found = Diesen Stream gibt es nicht.
problem-grant-not-found = Diesen Zugang gibt es nicht.

# Fehlerseiten
error-not-on-team-title = Nicht für dich
error-not-on-team-text = Du arbeitest nicht in diesem Space.
error-role-not-allowed-title = Nicht für dich
error-role-not-allowed-text = Mit deiner Rolle in diesem Space kannst du das nicht sehen. Frag den Inhaber oder einen Admin.
error-home = Zurück zu deinen Spaces
