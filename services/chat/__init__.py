"""The chat service: who sits in the channel of an experience.

Owns the channels, the memberships and the team that moderates them, kept at GetStream.
Hears PassPurchased and PurchaseRefunded (checkout), GrantIssued, GrantRevoked and GrantExpired
(access), ExperienceAdded and the team (catalog), PersonRegistered (identity).
Says ChatMembershipAdded and ChatMembershipRemoved. Never stores a message, an address or a name.
"""
