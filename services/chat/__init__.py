"""The chat service: who is in the channel of an experience.

Owns the channels, their members and moderators, all kept at GetStream.
Subscribes to PassPurchased, MembershipChanged and MembershipEnded (checkout), GrantIssued,
GrantRevoked, GrantExpired and the bans (access), ExperienceAdded and the team (catalog),
PersonRegistered (identity). Publishes ChannelMemberAdded and ChannelMemberRemoved. Never stores a
message, an address or a name.
"""

from libs.lean import load

# Tokens are signed with a shared secret: PyJWT needs no cryptography package for that.
load("jwt", without="cryptography")
