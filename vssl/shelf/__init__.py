"""The shelf: running notebooks, from plans to the report; it knows nothing of what an experiment is."""
