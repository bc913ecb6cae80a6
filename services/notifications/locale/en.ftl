# What every mail has.

sender = Backstage Pass
greeting = { $is_named ->
    [yes] Hi { $name },
   *[no] Hello,
}
unsubscribe-link = { $is_named ->
    [yes] Stop e-mails from { $space_name }
   *[no] Stop e-mails from this space
}

# The receipt of a purchase, paid or free.

receipt =
    .subject = Your receipt for { $pass_name }
    .title = Receipt: { $pass_name }
    .body = { $is_free ->
        [yes] { $space_name }: nothing was charged.
       *[no] { $space_name }: you paid { $amount }.
    }
    .mail = { $is_free ->
        [yes] This is your receipt from { $space_name }. The pass is free: nothing was charged.
       *[no] Thank you for your purchase from { $space_name }. This is your receipt.
    }
    .action = See all receipts
    .why = You get this mail because you { $is_free ->
        [yes] claimed a free pass
       *[no] bought a pass
    } on Backstage Pass. Receipts are always sent.

# The welcome after a purchase.

welcome =
    .subject = Welcome to { $space_name }
    .title = Welcome to { $space_name }
    .body = { $pass_name } is yours. Step inside.
    .mail = { $pass_name } is yours. Live video, chat and everything else that it includes are in your member area.
    .action = Open { $space_name }
    .why = You get this mail because you became a member of { $space_name } on Backstage Pass.

# A refund of a purchase.

refund =
    .subject = { $is_named ->
        [yes] Your refund for { $pass_name }
       *[no] Your refund
    }
    .title = { $is_named ->
        [yes] Refund: { $pass_name }
       *[no] Refund
    }
    .body = { $full ->
        [yes] { $amount } comes back to you. Your access to it has ended.
       *[no] { $amount } comes back to you. Your access stays.
    }
    .mail = { $full ->
        [yes] Your payment was refunded in full, so the access that came with it has ended. The money comes back the way you paid, usually within 5 to 10 days.
       *[no] A part of your payment was refunded. Your access stays as it is. The money comes back the way you paid, usually within 5 to 10 days.
    }
    .action = See all receipts
    .why = You get this mail because you paid for a pass on Backstage Pass. Mails about your money are always sent.

# A payment that bought nothing was refunded in full.

payment-returned =
    .subject = { $is_named ->
        [yes] We returned your payment for { $pass_name }
       *[no] We returned your payment
    }
    .title = { $is_named ->
        [yes] Payment returned: { $pass_name }
       *[no] Payment returned
    }
    .body = { $cause ->
        [sold_out] Sorry: the last seat was gone when your payment arrived. { $amount } comes back to you in full.
        [too_late] Sorry: the pass had ended when your payment arrived. { $amount } comes back to you in full.
        [second_charge] Sorry: you were charged twice. The second { $amount } comes back to you in full.
        [banned] The team of the space banned you before your payment arrived, so it bought nothing. { $amount } comes back to you in full.
       *[other] Sorry: your payment bought nothing. { $amount } comes back to you in full.
    }
    .mail = { $cause ->
        [sold_out] We are sorry: when your payment arrived, the time to pay was over and the last seat was gone. The whole amount comes back the way you paid, usually within 5 to 10 days.
        [too_late] We are sorry: the pass had already ended when your payment arrived. The whole amount comes back the way you paid, usually within 5 to 10 days.
        [second_charge] We are sorry: you were charged twice for one order. The second charge comes back in full, the way you paid, usually within 5 to 10 days. Your order itself stays as it is.
        [banned] The team of the space banned you before your payment arrived, so it bought nothing. The whole amount comes back the way you paid, usually within 5 to 10 days.
       *[other] We are sorry: your payment bought nothing. The whole amount comes back the way you paid, usually within 5 to 10 days.
    }
    .action = See all receipts
    .why = You get this mail because you paid on Backstage Pass. Mails about your money are always sent.

# A creator is on air.

live-now =
    .subject = { $is_named ->
        [yes] { $experience_name } is live now
       *[no] A creator is live now
    }
    .title = { $is_named ->
        [yes] { $experience_name } is live
       *[no] A creator is live
    }
    .body = { $is_named ->
        [yes] { $space_name } just went live. Come in.
       *[no] A space of yours just went live. Come in.
    }
    .mail = { $is_named ->
        [yes] { $space_name } went live in { $experience_name } on { $started_at }, and you have access.
       *[no] A space of yours went live on { $started_at }, and you have access.
    }
    .action = Watch now
    .why = You get this mail because you have access to what is live now.

# The first notice of a new account.

account-opened =
    .title = Welcome to Backstage Pass
    .body = Your account is ready. The spaces that you join appear here.

# Another browser signed in.

new-sign-in =
    .subject = New sign-in to your account
    .title = New sign-in
    .body = A new browser signed in to your account on { $signed_in_at }. Not you? End that session in your account.
    .mail = A browser that we had not seen before signed in to your account on { $signed_in_at }. If that was you, there is nothing to do. If it was not, end that session now, and change the password of your mailbox: whoever reads your mail can sign in.
    .action = See your sessions
    .why = You get this mail because your account was used from a new browser. Mails about the security of your account are always sent.

# The rows of mails about money; a row with an empty value is left out.

row-item = For
    .value = { $is_named ->
        [yes] { $pass_name } ({ $space_name })
       *[no] { "" }
    }
row-amount = Amount
    .value = { $is_free ->
        [yes] Free
       *[no] { $amount }
    }
row-order = Order
    .value = { $order_id }
row-bought = Date
    .value = { $bought_at }
row-returned = Date
    .value = { $returned_at }
row-access = Access
    .value = { $access_until_at ->
        [none] For ever
       *[other] Until { $access_until_at }
    }
row-next-charge = Next charge
    .value = None. You won't be charged again for this pass.

# The page behind the unsubscribe link.

unsubscribe-page =
    .title = E-mails from this space
    .question = Do you want to stop e-mails from this space? Mails about your money and the security of your account are still sent, and notices in the app stay.
    .confirm = Stop these e-mails
    .done = Done. You get no more e-mails from this space, except about your money.
    .undo = That was a mistake: send them again
    .undone = You get e-mails from this space again.
    .bad = This link is not valid. Open your account to choose which e-mails you get.
