# The explanation of access: what happened, one sentence per event.

grant-issued = { $reason ->
    [purchase] A purchase
    [free] Claiming a free pass
    [trial] A trial
    [waitlist] An accepted waitlist offer
    [comp] The team
    [gift] A gift
   *[other] A grant
} opened the door from { $since } { $forever ->
    [yes] for ever.
   *[no] until { $until }.
}
grant-reinstated = The access was given again, from { $since } { $forever ->
    [yes] for ever.
   *[no] until { $until }.
}
grant-window-moved = The time of the access changed: from { $since } { $forever ->
    [yes] for ever.
   *[no] until { $until }.
}
grant-revoked = { $cause ->
    [refund] The money was refunded in full, so the access ended.
    [suspended] The membership was suspended, so the access ended for the time being.
    [creator] The team took the access back.
    [abuse] The team took the access back because of abuse.
    [mistake] The team took the access back because it was given by mistake.
    [lost] The record of the purchase was lost, so the access ended.
   *[other] The access was taken back.
}
grant-expired = The access expired.
person-banned = { $reason ->
    [spam] The team of the space banned this person for spam.
    [harassment] The team of the space banned this person for harassment.
    [fraud] The team of the space banned this person for fraud.
    [shared_access] The team of the space banned this person for sharing access with others.
   *[other] The team of the space banned this person.
}
ban-lifted = The team of the space lifted the ban.

# The rule that decided.

because-grant = Entry is allowed: a grant covers this instant and no ban stands.
because-banned = Entry is refused: a grant covers this instant, but a ban in this space stands above every grant.
because-not_yet = Entry is refused: there is a grant, but its window opens later.
because-expired = Entry is refused: the window of the last grant has closed.
because-revoked = Entry is refused: the grant was taken back and no other one stands.
because-no_grant = Entry is refused: no grant for this experience had been given.
