"""The admin: creators' pages.

Owns: nothing; it asks the services over HTTP in the name of the person who looks.
Subscribes to: nothing.
Publishes: nothing.
Never: decides a business rule; what a service refuses is shown beside the field it names.
"""
