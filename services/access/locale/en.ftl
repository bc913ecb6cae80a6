# The explanation of access: one sentence for each event.

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

because-grant = Entry is allowed: a grant covers this instant, and the space has not banned this person.
because-banned = Entry is refused: a grant covers this instant, but the space has banned this person.
because-not_yet = Entry is refused: the grant begins later.
because-expired = Entry is refused: the last grant has expired.
because-revoked = Entry is refused: the grant was taken back, and there is no other.
because-no_grant = Entry is refused: this person never had a grant for this experience.
