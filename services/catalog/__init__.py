"""The catalog: what creators offer.

Owns: creator profiles, followers, spaces, teams, experiences, access passes and their versions.
Subscribes to: access (BanLifted, PersonBanned).
Publishes: CreatorFollowed, CreatorProfileOpened, CreatorUnfollowed, ExperienceAdded, PassArchived,
    PassPublished, SpaceCreated, SpacePublished, TeamMemberAdded, TeamMemberRemoved.
Never: takes money, lets anybody in, or sends names of people and profile texts out by an event.
"""
