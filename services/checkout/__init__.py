"""Checkout: from "I want this pass" to "it is yours", or the money back.

owns: orders, stock and its ledger, the line in front of the payments, payments, refunds, the stored
    webhooks of Stripe, and the comparison of all that with Stripe's own lists.
hears: catalog (which passes are for sale under which terms, who is on a team), access (whom a space
    keeps out, and what its team takes back).
says: order opened / expired, payment failed / returned, pass purchased, purchase refunded, refund
    failed.
never does: decide who may enter, send a mail, keep card data, believe what a webhook says.
"""
