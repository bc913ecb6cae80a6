"""Who may enter which experience, and why.

Owns: grants (one reason each to enter one experience), what they rest on, and bans.
Hears: purchases, refunds and refunds that failed from checkout; spaces, teams and experiences from
    catalog.
Says: GrantIssued, GrantRevoked, GrantExpired, PersonBanned, BanLifted.
Never: takes money or a seat, talks to a provider, or knows a name or an address.
"""
