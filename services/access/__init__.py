"""Who may enter which experience, and why.

Owns: grants (each lets one person into one experience), their sources, and bans.
Subscribes to: catalog (ExperienceAdded, SpaceCreated, TeamMemberAdded, TeamMemberRemoved); checkout
    (MembershipChanged, MembershipEnded, PassPurchased).
Publishes: BanLifted, GrantExpired, GrantIssued, GrantRevoked, PersonBanned.
Never: takes money or a seat, talks to a provider, or knows a name or an address.
"""
