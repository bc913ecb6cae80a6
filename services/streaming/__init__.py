"""The streaming service: who is on air, and who may watch.

Owns: the streams, one live one per experience, and the people in their rooms at LiveKit.
Subscribes to: access (BanLifted, GrantExpired, GrantIssued, GrantRevoked, PersonBanned); catalog
    (ExperienceAdded, SpaceCreated, TeamMemberAdded, TeamMemberRemoved).
Publishes: StreamEnded, StreamWentLive.
Never: lets anyone into a room without looking at their grants and bans at that moment, and never
    carries the chat.
"""

from libs.lean import load

# Tokens are signed with a shared secret, for which PyJWT needs no cryptography package.
load("jwt", without="cryptography")
