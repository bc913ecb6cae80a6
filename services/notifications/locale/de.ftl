# Was jede E-Mail hat.

sender = Backstage Pass
greeting = { $is_named ->
    [yes] Hallo { $name },
   *[no] Hallo,
}
unsubscribe-link = { $is_named ->
    [yes] Keine E-Mails mehr von { $space_name }
   *[no] Keine E-Mails mehr von diesem Space
}

# Der Beleg eines Kaufs, bezahlt oder kostenlos.

receipt =
    .subject = Dein Beleg für { $pass_name }
    .title = Beleg: { $pass_name }
    .body = { $is_free ->
        [yes] { $space_name }: Dir wurde nichts berechnet.
       *[no] { $space_name }: Du hast { $amount } bezahlt.
    }
    .mail = { $is_free ->
        [yes] Das ist dein Beleg von { $space_name }. Der Pass ist kostenlos: Dir wurde nichts berechnet.
       *[no] Danke für deinen Kauf bei { $space_name }. Das ist dein Beleg.
    }
    .action = Alle Belege ansehen
    .why = Du bekommst diese E-Mail, weil du auf Backstage Pass { $is_free ->
        [yes] einen kostenlosen Pass geholt
       *[no] einen Pass gekauft
    } hast. Belege schicken wir immer.

# Die Begrüßung nach einem Kauf.

welcome =
    .subject = Willkommen bei { $space_name }
    .title = Willkommen bei { $space_name }
    .body = { $pass_name } gehört dir. Komm herein.
    .mail = { $pass_name } gehört dir. Live-Video, Chat und alles, was sonst dazugehört, findest du in deinem Mitgliederbereich.
    .action = { $space_name } öffnen
    .why = Du bekommst diese E-Mail, weil du auf Backstage Pass Mitglied von { $space_name } geworden bist.

# Geld eines Kaufs ging zurück.

refund =
    .subject = { $is_named ->
        [yes] Deine Erstattung für { $pass_name }
       *[no] Deine Erstattung
    }
    .title = { $is_named ->
        [yes] Erstattung: { $pass_name }
       *[no] Erstattung
    }
    .body = { $full ->
        [yes] Du bekommst { $amount } zurück. Dein Zugang dazu ist beendet.
       *[no] Du bekommst { $amount } zurück. Dein Zugang bleibt.
    }
    .mail = { $full ->
        [yes] Deine Zahlung wurde vollständig erstattet. Deshalb ist der Zugang beendet, der dazugehörte. Das Geld kommt auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen.
       *[no] Ein Teil deiner Zahlung wurde erstattet. Dein Zugang bleibt, wie er ist. Das Geld kommt auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen.
    }
    .action = Alle Belege ansehen
    .why = Du bekommst diese E-Mail, weil du auf Backstage Pass für einen Pass bezahlt hast. E-Mails zu deinem Geld schicken wir immer.

# Eine Zahlung, für die es nichts gab, ging vollständig zurück.

payment-returned =
    .subject = { $is_named ->
        [yes] Wir haben deine Zahlung für { $pass_name } zurückgegeben
       *[no] Wir haben deine Zahlung zurückgegeben
    }
    .title = { $is_named ->
        [yes] Zahlung zurückgegeben: { $pass_name }
       *[no] Zahlung zurückgegeben
    }
    .body = { $cause ->
        [sold_out] Leider war der letzte Platz vergeben, als deine Zahlung ankam. Du bekommst { $amount } vollständig zurück.
        [too_late] Leider war vorbei, wofür du bezahlt hast, als deine Zahlung ankam. Du bekommst { $amount } vollständig zurück.
        [second_charge] Leider wurde dir zweimal etwas berechnet. Die zweiten { $amount } bekommst du vollständig zurück.
        [banned] Das Team des Space hat dich gesperrt, bevor deine Zahlung ankam. Deshalb gab es dafür nichts. Du bekommst { $amount } vollständig zurück.
       *[other] Leider gab es für deine Zahlung nichts. Du bekommst { $amount } vollständig zurück.
    }
    .mail = { $cause ->
        [sold_out] Es tut uns leid: Als deine Zahlung ankam, war die Zeit zum Bezahlen um und der letzte Platz vergeben. Der ganze Betrag kommt auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen.
        [too_late] Es tut uns leid: Als deine Zahlung ankam, war schon vorbei, wofür du bezahlt hast. Der ganze Betrag kommt auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen.
        [second_charge] Es tut uns leid: Für eine Bestellung wurde dir zweimal etwas berechnet. Die zweite Zahlung kommt vollständig auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen. Die Bestellung selbst bleibt, wie sie ist.
        [banned] Das Team des Space hat dich gesperrt, bevor deine Zahlung ankam. Deshalb gab es dafür nichts. Der ganze Betrag kommt auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen.
       *[other] Es tut uns leid: Für eine deiner Zahlungen gab es nichts. Der ganze Betrag kommt auf dem Weg zurück, auf dem du bezahlt hast, meist innerhalb von 5 bis 10 Tagen.
    }
    .action = Alle Belege ansehen
    .why = Du bekommst diese E-Mail, weil du auf Backstage Pass bezahlt hast. E-Mails zu deinem Geld schicken wir immer.

# Ein Creator ist auf Sendung.

live-now =
    .subject = { $is_named ->
        [yes] { $experience_name } ist jetzt live
       *[no] Ein Creator ist jetzt live
    }
    .title = { $is_named ->
        [yes] { $experience_name } ist live
       *[no] Ein Creator ist live
    }
    .body = { $is_named ->
        [yes] { $space_name } ist gerade live gegangen. Komm herein.
       *[no] Einer deiner Spaces ist gerade live gegangen. Komm herein.
    }
    .mail = { $is_named ->
        [yes] { $space_name } ist mit { $experience_name } am { $started_at } live gegangen, und du hast Zugang.
       *[no] Einer deiner Spaces ist am { $started_at } live gegangen, und du hast Zugang.
    }
    .action = Jetzt zuschauen
    .why = Du bekommst diese E-Mail, weil du Zugang zu dem hast, was jetzt live ist.

# Ein anderer Browser hat sich angemeldet.

new-sign-in =
    .subject = Neue Anmeldung in deinem Konto
    .title = Neue Anmeldung
    .body = Am { $signed_in_at } hat sich ein neuer Browser in deinem Konto angemeldet. Warst du das nicht? Dann beende diese Sitzung in deinem Konto.
    .mail = Am { $signed_in_at } hat sich ein Browser in deinem Konto angemeldet, den wir noch nicht kannten. Wenn du das warst, musst du nichts tun. Sonst beende diese Sitzung sofort und ändere das Passwort deines Postfachs: Wer deine E-Mails liest, kann sich anmelden.
    .action = Deine Sitzungen ansehen
    .why = Du bekommst diese E-Mail, weil dein Konto in einem neuen Browser benutzt wurde. E-Mails zur Sicherheit deines Kontos schicken wir immer.

# Ein erstes Hallo.

account-opened =
    .title = Willkommen bei Backstage Pass
    .body = Dein Konto ist bereit. Hier erscheinen die Spaces, in die du kommst.

# Die Zeilen der E-Mails über Geld; eine Zeile mit leerem Wert fällt weg.

row-item = Für
    .value = { $is_named ->
        [yes] { $pass_name } ({ $space_name })
       *[no] { "" }
    }
row-amount = Betrag
    .value = { $is_free ->
        [yes] Kostenlos
       *[no] { $amount }
    }
row-order = Bestellung
    .value = { $order_id }
row-bought = Datum
    .value = { $bought_at }
row-returned = Datum
    .value = { $returned_at }
row-access = Zugang
    .value = { $access_until_at ->
        [none] Ohne Ende
       *[other] Bis { $access_until_at }
    }
row-next-charge = Nächste Zahlung
    .value = Keine. Für diesen Pass wird dir nichts mehr berechnet.

# Die Seite hinter dem Link zum Abbestellen.

unsubscribe-page =
    .title = E-Mails von diesem Space
    .question = Möchtest du keine E-Mails mehr von diesem Space bekommen? E-Mails zu deinem Geld und zur Sicherheit deines Kontos kommen weiterhin, und die Neuigkeiten in der App bleiben.
    .confirm = Diese E-Mails abbestellen
    .done = Erledigt. Von diesem Space bekommst du nur noch E-Mails zu deinem Geld.
    .undo = Das war ein Irrtum: Schickt sie wieder
    .undone = Du bekommst wieder E-Mails von diesem Space.
    .bad = Dieser Link gilt nicht. Öffne dein Konto, um zu wählen, welche E-Mails du bekommst.
