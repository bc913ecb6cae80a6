## Die E-Mail mit dem Code zum Anmelden

code-subject = { $code } ist dein Code für Backstage Pass
code-heading = Dein Code zum Anmelden
code-lead = Gib diese sechs Ziffern in dem Fenster ein, in dem du sie angefordert hast:
code-validity = Der Code gilt einmal, 10 Minuten lang und nur in dem Browser, der ihn angefordert hat. Hast du mehrere angefordert, gilt nur der neueste.
code-why = Du bekommst diese E-Mail, weil jemand, hoffentlich du, diese Adresse auf { $site } zum Anmelden eingegeben hat.
code-not-you = Wenn du das nicht warst, tu nichts: Ohne diesen Code kommt niemand hinein. Lies ihn niemandem vor.
code-sender = Backstage Pass
