"""Who may enter which experience, and why.

Owns: grants (one reason each to enter one experience), what they rest on, and bans.
Subscribes to: catalog (ExperienceAdded, SpaceCreated, TeamMemberAdded, TeamMemberRemoved); checkout
    (MembershipChanged, MembershipEnded, PassPurchased).
Publishes: BanLifted, GrantExpired, GrantIssued, GrantRevoked, PersonBanned.
Never: takes money or a seat, talks to a provider, or knows a name or an address.
"""
