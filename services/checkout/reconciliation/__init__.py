"""Reconciliation with the provider's own lists, page by page: what nobody told us of, and the sums.

Each step is one job, short enough for its lease; how far a run has come is a row of ours that moves
in the unit of work that records the step.
"""
