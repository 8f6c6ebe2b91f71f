"""The shelf: running notebooks, from plans to the report.

It knows nothing of what an experiment is.
"""
