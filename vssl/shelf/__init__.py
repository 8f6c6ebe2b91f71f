"""Run the notebooks of the shelf, from their plans to the report.

Nothing here depends on what an experiment is.
"""
