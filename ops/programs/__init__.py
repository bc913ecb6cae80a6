"""Third-party programs that `up` and the tests need: found on this machine, else prepared once.

They are kept in the user's cache, outside of every checkout: a browser from npm, LiveKit's server
and Stripe's mock compiled from pinned sources.
"""
