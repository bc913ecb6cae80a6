"""What people are told, in the app and by e-mail.

Owns: notices (one per event, person, kind and channel) and who wants no e-mail from which space.
Hears: purchases and money from checkout, going live from streaming, people, grants, names.
Says: NoticeDelivered.
Never: keeps an address; one is looked up at the moment of sending and forgotten.
"""
