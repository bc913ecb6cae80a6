"""The chat service: who is in the channel of an experience.

Owns: the channels, their members, who moderates and who is kept out, all kept at GetStream.
Subscribes to: access (BanLifted, GrantExpired, GrantIssued, GrantRevoked, PersonBanned); catalog
    (ExperienceAdded, SpaceCreated, TeamMemberAdded, TeamMemberRemoved); checkout
    (MembershipChanged, MembershipEnded, PassPurchased); identity (PersonRegistered).
Publishes: ChannelMemberAdded, ChannelMemberRemoved.
Never: stores a message, an address or a name.
"""

from libs.lean import load

# Tokens are signed with a shared secret: PyJWT needs no cryptography package for that.
load("jwt", without="cryptography")
