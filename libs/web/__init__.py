"""What the edges share: asking services, one visit in one language, forms, headers, pages.

It knows no service and no page; what an edge says and asks stands in that edge. A new language is
one more file in `locale/`, here and in each edge.
"""
