# Was auf allen Seiten steht.

brand = Backstage Pass
skip = Zum Inhalt springen
nav-label = Hauptnavigation
nav-account = Konto
crumbs-label = Wo du bist
field-theirs = Jetzt steht dort:
field-nothing = nichts

## Was abgelehnt wird, als Satz

problem-unknown = Das hat nicht geklappt. Bitte versuche es noch einmal.

## Fehler als Seiten

error-403-title = Das darfst du nicht
error-403-text = Du bist mit einem Konto angemeldet, das das nicht darf.
error-404-title = Hier gibt es nichts
error-404-text = Vielleicht ist die Adresse falsch geschrieben, oder was hier war, gibt es nicht mehr.
error-413-title = Das ist zu viel
error-413-text = Was du gesendet hast, ist größer, als wir annehmen.
error-429-title = Bitte etwas langsamer
error-429-text = Das war viel in kurzer Zeit. Bitte warte eine Minute und versuche es dann noch einmal.
error-503-title = Einen Moment bitte
error-503-text = Ein Teil des Systems antwortet gerade nicht. Du verlierst nichts. Bitte versuche es in ein paar Sekunden noch einmal.
error-fault-title = Etwas ist schiefgegangen
error-fault-text = Der Fehler liegt bei uns, nicht bei dir, und wir sehen ihn. Bitte versuche es noch einmal.
error-other-title = Das hat nicht geklappt
error-other-text = Bitte geh zurück und versuche es noch einmal.
error-forged-request-title = Diese Seite war zu alt
error-forged-request-text = Zu deiner Sicherheit nehmen wir nur Formulare an, die vor Kurzem in diesem Browser geöffnet wurden. Bitte geh zurück, lade die Seite neu und wiederhole die Eingabe.
error-retry = Noch einmal versuchen
