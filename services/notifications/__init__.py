"""What people are told, in the app and by e-mail.

Owns: notices (one per event, person, kind and channel) and who wants no e-mail from which space.
Subscribes to: access (BanLifted, GrantIssued, GrantRevoked, PersonBanned); catalog
    (ExperienceAdded, PassPublished, SpaceCreated, SpacePublished); checkout (PassPurchased,
    PaymentReturned, PurchaseRefunded); identity (NewBrowserSignedIn, PersonRegistered); streaming
    (StreamWentLive).
Publishes: NoticeDelivered.
Never: keeps an address; one is looked up at the moment of sending and forgotten.
"""
