"""What the edges share: clients of services, visits, languages, forms, headers, pages.

It knows no service and no page of an edge. A new language is
one more file in `locale/`, here and in each edge.
"""
