"""Checkout: from "I want this pass" to "it is yours", or the money back.

Owns: orders, memberships, the stock and its ledger, payments and their refunds, the queue in front
    of the payment provider, the stored webhooks of Stripe, the reconciliation with Stripe's lists.
Subscribes to: access (BanLifted, GrantRevoked, PersonBanned); catalog (PassArchived, PassPublished,
    SpaceCreated, TeamMemberAdded, TeamMemberRemoved).
Publishes: MembershipChanged, MembershipEnded, OrderExpired, OrderOpened, PassPurchased,
    PaymentFailed, PaymentReturned, PurchaseRefunded, RefundFailed.
Never: decides who may enter, sends a mail, keeps card data, or believes what a webhook says.
"""
