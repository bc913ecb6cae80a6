"""The chat service: who sits in the channel of an experience.

Owns the channels, the memberships, who moderates and who is kept out, all kept at GetStream.
Hears PassPurchased and PurchaseRefunded (checkout), GrantIssued, GrantRevoked, GrantExpired and
the bans (access), ExperienceAdded and the team (catalog), PersonRegistered (identity).
Says ChatMembershipAdded and ChatMembershipRemoved. Never stores a message, an address or a name.
"""

from libs.lean import load

# Tokens are signed with a shared secret: PyJWT needs no cryptography package for that.
load("jwt", without="cryptography")
