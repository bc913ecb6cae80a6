"""Who a person is.

Owns: people (address, name, language), sign-in codes, sessions; the only home of addresses. It
    writes the contact bucket, from which others take an address.
Subscribes to: nothing.
Publishes: NewBrowserSignedIn, PersonRegistered.
Never: puts an address, a name, a code or a token in an event, a kept answer, or a log.
"""
