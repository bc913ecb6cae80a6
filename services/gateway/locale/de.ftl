## Jede Seite

nav-spaces = Spaces
nav-notices = Neues
nav-unread = { $count ->
    [one] { $count } ungelesene
   *[other] { $count } ungelesene
}
nav-sign-in = Anmelden
footer-create = Für Creator
footer-text = Live-Video und Chat, direkt von den Menschen, die es machen.

## Die Startseite

landing-title = Backstage, bei den Menschen, die es machen
landing-lead = Creator öffnen ihre Türen: Live-Video, Chat und alles drum herum. Du kaufst auf ihrer Seite einen Pass und bist im Nu drin.
landing-fan-title = Ich habe einen Pass
landing-fan-text = Melde dich mit deiner E-Mail-Adresse an. Ohne Passwort: Wir schicken dir sechs Ziffern.
landing-fan-go = Zu meinen Spaces
landing-creator-title = Ich bin Creator
landing-creator-text = Eröffne einen Space, entscheide, was du an wen verkaufst, und geh aus deinem Browser live.
landing-creator-go = Creator-Bereich öffnen
landing-how-title = So geht es
landing-how-1 = Öffne die Seite eines Space und wähle einen Pass.
landing-how-2 = Melde dich mit sechs Ziffern aus deiner E-Mail an und bezahle.
landing-how-3 = Du bist drin: Stream und Chat warten auf dich.

## Anmelden

sign-in-title = Anmelden
sign-in-lead = Gib deine E-Mail-Adresse ein. Wir schicken dir einen Code aus sechs Ziffern. Du brauchst kein Passwort.
sign-in-email = E-Mail-Adresse
sign-in-go = Code schicken
code-title = Code eingeben
code-lead = Wir haben sechs Ziffern an { $email } geschickt. Sie gelten 10 Minuten lang und nur in diesem Browser.
code-label = Die sechs Ziffern
code-go = Anmelden
code-nothing = Nichts angekommen? Schau in deinen Spam-Ordner oder lass dir einen neuen Code schicken. Nur der neueste gilt.
code-again = Neuen Code schicken
code-other = Andere Adresse verwenden

## Ein Creator

creator-followers = { $count ->
    [one] { $count } Follower
   *[other] { $count } Follower
}
creator-follow = Folgen
creator-unfollow = Nicht mehr folgen
creator-spaces = Spaces
creator-no-spaces = Noch ist kein Space geöffnet.
creator-own = Das ist deine eigene Seite. Du änderst sie im Creator-Bereich.

## Ein Space

space-by = von { $name }
space-draft = Dieser Space ist ein Entwurf: Nur sein Team sieht ihn.
space-experiences = Was hier passiert
space-no-experiences = Noch ist nichts angekündigt.
space-passes = Pässe
space-no-passes = Gerade ist kein Pass im Verkauf.
space-see-pass = Diesen Pass ansehen
space-enter = Mitgliederbereich öffnen
kind-live = Live-Video und Chat
kind-chat = Chat

## Ein Pass

pass-includes = Was enthalten ist
pass-nothing = Noch nichts.
pass-refunds = Erstattungen
pass-of = Ein Pass von { $space }

offer-free = Kostenlos
offer-once = Einmalige Zahlung.
offer-price-monthly = { $price } im Monat
offer-price-yearly = { $price } im Jahr
offer-price-lifetime = { $price }
offer-then-monthly = Danach { $price } im Monat.
offer-then-yearly = Danach { $price } im Jahr.
offer-today = Heute zu zahlen
offer-item-price = Pass
offer-item-fee = Einmalige Gebühr
offer-total = Gesamt
offer-trial = { $days ->
    [one] Der erste Tag ist kostenlos.
   *[other] Die ersten { $days } Tage sind kostenlos.
}
offer-for-ever = Zugang, solange es den Space gibt.
offer-days = { $days ->
    [one] { $days } Tag Zugang.
   *[other] { $days } Tage Zugang.
}
offer-until = Zugang bis { $moment }.
offer-sale-ends = Im Verkauf bis { $moment }.
offer-left = { $count ->
    [one] Nur noch { $count } Platz frei.
   *[other] Nur noch { $count } Plätze frei.
}

buy-as = Du bist als { $name } angemeldet.
buy-go = Für { $price } kaufen
buy-free = Diesen Pass holen
buy-sign-in = Anmelden und kaufen
buy-sign-in-free = Anmelden und holen
buy-sign-in-text = Du brauchst nur eine E-Mail-Adresse. Danach kommst du auf diese Seite zurück.
buy-hold = Sobald du weitergehst, halten wir dir 10 Minuten lang einen Platz frei.

sale-sold-out-title = Ausverkauft
sale-sold-out-text = Alle Plätze sind vergeben. Wird einer zurückgegeben, kannst du ihn hier kaufen.
sale-not-yet-title = Noch nicht im Verkauf
sale-not-yet-text = Der Verkauf beginnt am { $moment }.
sale-not-yet-text-open = Der Verkauf hat noch nicht begonnen.
sale-ended-title = Der Verkauf ist vorbei
sale-ended-text = Diesen Pass gibt es nicht mehr zu kaufen.
sale-archived-title = Nicht mehr im Verkauf
sale-archived-text = Dieser Pass wird nicht mehr verkauft. Wer ihn hat, behält ihn.
sale-owned-title = Du hast diesen Pass
sale-owned-text = Alles, was er enthält, wartet im Mitgliederbereich auf dich.
sale-owned-go = Mitgliederbereich öffnen
sale-removed-title = Dein Zugang wurde beendet
sale-removed-text = Das Team von { $space } hat deinen Zugang zu diesem Pass beendet. Wenn du das für einen Irrtum hältst, schreib dem Team.
sale-removed-again = Das Team von { $space } hat deinen früheren Zugang beendet. Du kannst wieder einen Pass kaufen.
sale-banned-title = Du bist hier gesperrt
sale-banned-text = Das Team von { $space } hat dich gesperrt. Dir wird hier nichts berechnet. Wenn du das für einen Irrtum hältst, schreib dem Team.
sale-pending-title = Du hast begonnen, diesen Pass zu kaufen
sale-pending-text = Ein Platz ist für dich reserviert.
sale-pending-go = Weiter zur Zahlung
sale-own-space-title = Das ist dein Space
sale-own-space-text = Du arbeitest hier und brauchst keinen Pass.
sale-waitlist-title = Über die Warteliste
sale-waitlist-text = Diesen Pass bekommt, wen das Team auswählt.
sale-not-available-title = Abos kommen bald
sale-not-available-text = Pässe, die monatlich oder jährlich bezahlt werden, kann man noch nicht kaufen.
sale-draft-title = Entwurf
sale-draft-text = Nur das Team des Space sieht diese Seite. Veröffentliche den Pass im Creator-Bereich.
sale-soon-title = Gleich geht es los
sale-soon-text = Dieser Pass wurde gerade erst veröffentlicht. Lade die Seite in ein paar Sekunden neu.

## Eine Bestellung

order-title = { $pass } bezahlen
order-held = Dein Platz ist bis { $moment } für dich reserviert.
order-of = { $pass }, { $space }
order-no-script = Das Zahlungsformular braucht JavaScript: Es kommt vom Zahlungsanbieter, und wir sehen deine Karte nie.
order-back = Zurück zum Pass
order-waiting-title = Du stehst in der Warteschlange
order-waiting-text = Gerade kaufen viele Menschen. Alle kommen der Reihe nach dran.
order-waiting-text-next = Du bist fast an der Reihe: Gleich kommt das Zahlungsformular.
order-waiting-ahead = { $count ->
    [one] Person ist vor dir
   *[other] Personen sind vor dir
}
order-waiting-next = Du bist als Nächstes dran
order-waiting-progress = Wie weit du in der Warteschlange bist
order-waiting-in-a-moment = Nur noch einen Augenblick.
order-waiting-in-seconds = Noch etwa { $count } Sekunden.
order-waiting-in-minutes = { $count ->
    [one] Noch etwa eine Minute.
   *[other] Noch etwa { $count } Minuten.
}
order-waiting-held = Dein Platz ist bis { $moment } reserviert. Dauert die Warteschlange länger, hast du trotzdem zehn Minuten Zeit zum Bezahlen.
order-waiting-held-not = Dein Platz ist bis { $moment } reserviert. Die Warteschlange dauert vielleicht länger: Dann kannst du es noch einmal versuchen. Bevor du bezahlst, wird nichts berechnet.
order-waiting-itself = Diese Seite geht von selbst weiter und zeigt das Zahlungsformular, sobald du dran bist. Du musst sie nicht neu laden.
order-preparing-title = Einen Moment
order-preparing-text = Gleich kommt das Zahlungsformular. Diese Seite geht von selbst weiter.
order-processing-title = Deine Bank bearbeitet die Zahlung
order-processing-text = Wir warten auf die Antwort deiner Bank.
order-processing-itself = Diese Seite geht von selbst weiter. Du kannst sie auch schließen: Sobald du bezahlt hast, kommt dein Beleg per E-Mail.
order-asking-title = Wir fragen deine Bank
order-asking-text = Wir wissen noch nicht, ob deine Zahlung angekommen ist. Nichts ist verloren: Wenn ja, bekommst du deinen Pass oder den ganzen Betrag zurück. Bitte zahle nicht noch einmal.
order-asking-itself = Diese Seite geht von selbst weiter, sobald wir es wissen. Du kannst sie auch schließen: Wurde Geld abgebucht, schreiben wir dir, was damit geschehen ist.
order-returning-title = Wir schicken dein Geld zurück
order-returning-text = Du bekommst den ganzen Betrag zurück. Nichts ist verloren, und du musst nichts tun.
order-returning-itself = Diese Seite geht von selbst weiter. Du kannst sie auch schließen: Wir schreiben dir, sobald das Geld unterwegs ist.
order-expired-title = Die Zeit ist um
order-expired-text = Dein Platz war 10 Minuten lang reserviert und ist jetzt wieder im Verkauf. Dir wurde nichts berechnet.
order-expired-go = Noch einmal versuchen
order-returned-title = Wir haben deine Zahlung zurückgegeben
order-returned-text = Der ganze Betrag ist auf dem Weg zu dir. Banken zeigen ihn meist erst nach ein paar Tagen. Es tut uns leid.
order-return-sold-out = Deine Zahlung kam an, als die Zeit zum Bezahlen um und der letzte Platz vergeben war.
order-return-second-charge = Du hast diesen Pass schon: Diese Zahlung war eine zweite.
order-return-too-late = Deine Zahlung kam an, als dieser Pass schon abgelaufen war.
order-return-banned = Das Team dieses Space hat dich gesperrt, bevor deine Zahlung ankam.
order-return-provider = Was ankam, war nicht der Betrag dieser Bestellung.
order-return-other = Deine Zahlung kam zu spät an, um diesen Pass zu kaufen.
order-refunded-title = Diese Bestellung wurde erstattet
order-refunded-text = Das Geld ist auf dem Weg zu dir.
order-still = Noch einmal nachsehen

pay-pay = { $amount } bezahlen
pay-paying = Zahlung läuft …
pay-failed = Die Zahlung hat nicht geklappt. Dir wurde nichts berechnet.
pay-unavailable = Das Zahlungsformular konnte nicht geladen werden. Bitte versuche es gleich noch einmal.

declined-generic = Deine Bank hat die Zahlung abgelehnt. Dir wurde nichts berechnet. Versuche es mit einer anderen Karte.
declined-insufficient-funds = Auf dieser Karte ist nicht genug Geld. Dir wurde nichts berechnet. Versuche es mit einer anderen.
declined-expired-card = Diese Karte ist abgelaufen. Versuche es mit einer anderen.
declined-incorrect-cvc = Die Prüfziffer der Karte stimmt nicht. Bitte gib sie noch einmal ein.
declined-processing-error = Deine Bank war nicht erreichbar. Dir wurde nichts berechnet. Bitte versuche es noch einmal.
declined-authentication-required = Deine Bank möchte, dass du die Zahlung bestätigst. Bitte versuche es noch einmal.
declined-payment-intent-authentication-failure = Die Zahlung wurde bei deiner Bank nicht bestätigt. Dir wurde nichts berechnet. Du kannst es noch einmal versuchen.

## Das Konto

account-title = Konto
account-saved = Gespeichert.
account-profile = Profil
account-email = E-Mail-Adresse
account-name = Name
account-name-hint = Andere sehen ihn in Chats. Du kannst das Feld leer lassen.
account-language = Sprache
account-save = Speichern
account-sessions = Wo du angemeldet bist
account-session-this = Dieser Browser
account-session-unknown = Unbekannter Browser
account-session-since = Seit { $moment }, zuletzt gesehen { $seen }
account-session-end = Beenden
account-sessions-end-all = Alle Sitzungen beenden
account-sessions-end-all-hint = Du wirst überall abgemeldet, auch hier.
account-receipts = Belege
account-no-receipts = Du hast noch nichts gekauft.
account-receipt-order = Bestellung { $order }
account-receipt-refunded = { $amount } erstattet
account-receipt-free = Kostenlos
account-sign-out = Abmelden

## Der Mitgliederbereich

spaces-title = Meine Spaces
spaces-none = Noch steht dir kein Space offen. Kauf einen Pass auf der Seite eines Creators, dann erscheint er hier.
spaces-open = { $count ->
    [one] { $count } Erlebnis
   *[other] { $count } Erlebnisse
}
member-welcome-title = Du bist drin
member-welcome-text = { $pass } gehört dir. Der Beleg ist per E-Mail unterwegs.
member-continue = Weiter zu { $host }
member-public = Öffentliche Seite
member-until = Offen bis { $moment }
member-for-ever = Offen, solange es den Space gibt
member-team = Du arbeitest hier.
member-closed = Nicht in deinem Pass enthalten
member-none = Hier gibt es noch nichts zu betreten.
experience-live-now = Jetzt live
experience-off = Gerade ist niemand auf Sendung.
experience-watch = Zuschauen
experience-go-in = Zum Stream
experience-chat = Chat öffnen
stream-title = { $name }: live
stream-no-script = Live-Video braucht JavaScript.
stream-waiting = Noch ist niemand auf Sendung. Diese Seite geht von selbst weiter, sobald der Stream beginnt.
chat-title = { $name }: Chat
chat-no-script = Der Chat braucht JavaScript.
chat-heading = Chat
no-access-none-title = Du kommst hier noch nicht hinein
no-access-none-text = Dafür brauchst du einen Pass von { $space }.
no-access-not-yet-title = Dein Zugang hat noch nicht begonnen
no-access-not-yet-text = Du hast einen Pass von { $space }. Er gilt erst später.
no-access-expired-title = Dein Zugang ist abgelaufen
no-access-expired-text = Dein Pass von { $space } galt für eine begrenzte Zeit. Sie ist vorbei.
no-access-removed-title = Dein Zugang wurde beendet
no-access-removed-text = Das Team von { $space } hat deinen Zugang beendet. Du kannst wieder einen Pass kaufen. Wenn du das für einen Irrtum hältst, schreib dem Team.
no-access-refunded-title = Dein Pass wurde erstattet
no-access-refunded-text = Du hast das Geld für deinen Pass von { $space } zurückbekommen. Deshalb öffnet er nichts mehr.
no-access-banned-title = Du bist hier gesperrt
no-access-banned-text = Das Team von { $space } hat dich gesperrt. Dir wird hier nichts berechnet. Wenn du das für einen Irrtum hältst, schreib dem Team.
no-access-late-title = Das dauert länger als sonst
no-access-late-text = Du hast deinen Pass von { $space } gekauft, und er ist dir sicher. Bis er gilt, dauert es länger als sonst: Bitte sieh in ein paar Minuten noch einmal nach.
no-access-go = Pässe ansehen
on-its-way-title = Einen Moment
on-its-way-text = Dein Pass ist unterwegs. Diese Seite geht von selbst weiter.
reload-over = Diese Seite sieht nicht mehr von selbst nach.

## Der Chat

chat-message = Nachricht
chat-placeholder = Schreib etwas …
chat-send = Senden
chat-you = Du
chat-someone = Jemand
chat-connecting = Verbindung wird hergestellt …
chat-joining = Du wirst hereingelassen …
chat-offline = Du bist offline. Wir verbinden dich von selbst wieder.
chat-not-sent = Das wurde nicht gesendet. Bitte versuche es noch einmal.
chat-removed = Du gehörst nicht mehr zu diesem Chat.
chat-no-access = Für diesen Chat brauchst du einen Pass.
chat-unavailable = Der Chat ist nicht erreichbar. Bitte lade die Seite gleich noch einmal.

## Das Live-Video

watch-connecting = Verbindung wird hergestellt …
watch-waiting = Noch ist niemand auf Sendung. Das Bild kommt von selbst, sobald der Stream beginnt.
video-preparing = Live-Video wird hier gerade eingerichtet: einmalig ein paar Minuten. Das Bild kommt von selbst, sobald der Stream beginnt.
video-absent = Zurzeit gibt es hier kein Live-Video.
watch-waiting-for-host = Gleich geht es weiter.
watch-reconnecting = Die Verbindung ist abgebrochen. Neuer Versuch …
watch-unmute = Ton einschalten
watch-ended = Der Stream ist vorbei. Danke, dass du dabei warst.
watch-removed = Du bist nicht mehr zu diesem Stream zugelassen.
watch-elsewhere = Du schaust in einem anderen Fenster zu.
watch-watch-here = Stattdessen hier zuschauen
watch-failed = Das Video konnte nicht starten. Dein Pass ist in Ordnung.
watch-unreachable = Der Videoserver ist gerade nicht erreichbar. Dein Pass ist in Ordnung: Bitte versuche es noch einmal.
watch-try-again = Noch einmal versuchen
watch-no-access = Zum Zuschauen brauchst du einen Pass.

## Neues

notices-title = Neues
notices-none = Noch gibt es nichts Neues für dich.
notices-open = Öffnen
notices-read = Als gelesen markieren
notices-new = Neu

## Was abgelehnt wird, als Satz

problem-invalid-address = Das sieht nicht wie eine E-Mail-Adresse aus. Bitte prüfe sie.
problem-invalid-request = Im Formular fehlt etwas, oder etwas stimmt nicht. Bitte prüfe es.
problem-too-many-codes = An diese Adresse wurden in kurzer Zeit zu viele Codes geschickt. Bitte warte eine Weile oder nimm den neuesten Code, den du hast.
problem-wrong-code = Das ist nicht der richtige Code. Bitte sieh in die neueste E-Mail: Nur der neueste Code gilt.
problem-code-expired = Dieser Code ist zu alt oder wurde schon benutzt. Lass dir einen neuen schicken.
problem-code-burned = Das war zu oft falsch. Lass dir einen neuen Code schicken.
problem-too-many-tries = Das war zu oft falsch. Zu deiner Sicherheit kann sich mit dieser Adresse bis zu einer Stunde lang niemand anmelden.
problem-invalid-display-name = Ein Name ist eine Zeile mit höchstens 80 Zeichen.
problem-banned = Das Team dieses Space hat dich gesperrt. Deshalb kannst du seine Pässe nicht kaufen. Dir wurde nichts berechnet.
problem-sold-out = Der letzte Platz wurde gerade eben vergeben.
problem-already-owned = Du hast diesen Pass schon.
problem-own-space = Du arbeitest in diesem Space und brauchst keinen Pass.
problem-not-yet-on-sale = Der Verkauf hat noch nicht begonnen.
problem-sale-ended = Der Verkauf ist vorbei.
problem-pass-not-for-sale = Dieser Pass wird nicht mehr verkauft.
problem-waitlist-only = Diesen Pass bekommt, wer auf seiner Warteliste steht.
problem-recurring-not-available = Pässe, die monatlich oder jährlich bezahlt werden, kann man noch nicht kaufen.
problem-idempotency-key-reused = Dieses Formular wurde schon für etwas anderes gesendet. Bitte lade die Seite neu.
problem-payment-impossible = Der Zahlungsanbieter nimmt diese Zahlung nicht an. Dir wurde nichts berechnet.

## Fehler als Seiten

error-storage-low-title = Gerade geht nichts Neues
error-storage-low-text = Unser Speicher ist knapp. Deshalb nehmen wir gerade keine neuen Bestellungen und keine neuen Konten an. Du verlierst nichts, und dir wurde dafür nichts berechnet. Bitte komm in ein paar Minuten wieder.
error-deliveries-held-up-title = Der Verkauf macht eine kurze Pause
error-deliveries-held-up-text = Käufe werden gerade nicht ausgeliefert. Bis das wieder geht, verkaufen wir nichts. Dir wurde nichts berechnet. Bitte komm in ein paar Minuten wieder.
error-idempotency-key-reused-title = Dieses Formular wurde schon gesendet
error-idempotency-key-reused-text = Was du beim ersten Mal wolltest, ist geschehen. Bitte geh zurück, lade die Seite neu und wiederhole, was neu ist.
error-space-not-found-title = Diesen Space gibt es nicht
error-space-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder der Space ist noch nicht geöffnet.
error-pass-not-found-title = Diesen Pass gibt es nicht
error-pass-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder der Pass ist noch nicht im Verkauf.
error-profile-not-found-title = Diesen Creator gibt es nicht
error-profile-not-found-text = Vielleicht ist die Adresse falsch geschrieben.
error-order-not-found-title = Diese Bestellung gibt es nicht
error-order-not-found-text = Nur wer eine Bestellung aufgegeben hat, kann sie sehen. Vielleicht bist du mit einer anderen Adresse angemeldet.
error-experience-not-found-title = Dieses Erlebnis gibt es nicht
error-experience-not-found-text = Vielleicht ist die Adresse falsch geschrieben, oder was hier war, gibt es nicht mehr.
error-home = Zur Startseite
