"""What the edges share: asking services, one visit in one language, forms, headers, pages.

It knows no service and no page; what an edge says and asks stands in that edge.
"""
