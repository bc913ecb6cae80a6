"""The face of the product: public and member pages, and the JSON API behind them.

Owns: the session cookie, the browser's id, and nothing that outlives the process; it asks the
    services over HTTP in the name of the person who asks.
Subscribes to: nothing.
Publishes: nothing.
Never: decides a rule of the business, keeps data, or lets a request in that another site made.
"""
