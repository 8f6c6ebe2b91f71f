"""The site: the notebooks, the pages of `docs/` and the package's own words, to be read.

Nothing is run. A page shows what the committed notebooks hold, and needs no network to be read.
"""
