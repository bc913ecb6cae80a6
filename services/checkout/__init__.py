"""Checkout: from "I want this pass" to "it is yours", or the money back.

owns: orders, memberships, the stock and its ledger, payments and their refunds, the queue in front
    of the payment provider, the stored webhooks of Stripe, the reconciliation with Stripe's lists.
hears: catalog (which passes are for sale under which terms, who is on a team), access (whom a space
    keeps out, and what its team takes back).
says: order opened / expired, payment failed / returned, pass purchased, membership changed / ended,
    purchase refunded, refund failed.
never does: decide who may enter, send a mail, keep card data, believe what a webhook says.
"""
