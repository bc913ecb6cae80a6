"""The admin: creators' pages.

Owns: nothing yet; it asks the services in the name of the person who looks.
Hears: nobody.
Says: nothing.
Never does: decide a business rule; what a service refuses is shown beside the field it names.
"""
