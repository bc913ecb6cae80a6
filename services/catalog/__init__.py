"""The catalog: what creators offer.

Owns: creator profiles, followers, spaces, teams, experiences, access passes and their versions.
Hears: access (whom a space keeps out).
Says: who opened a profile or follows one, what was created, published, archived, who is on a team.
Never does: take money, let anybody in, or send names and profile texts out by an event.
"""
