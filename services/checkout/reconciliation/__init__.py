"""Reconciliation with the provider's lists, page by page: missed movements and daily sums.

Each step is one job, short enough for its lease. The cursor of a run moves in the unit of work that
records the step.
"""
