"""Who a person is.

Owns: people (address, name, language), sign-in codes, sessions; the only home of addresses.
Hears: nothing.
Says: PersonRegistered; and it writes the contact bucket, from which others take an address.
Never: puts an address, a name, a code or a token in an event, a kept answer, or a log.
"""
