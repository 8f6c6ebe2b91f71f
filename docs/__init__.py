"""Pages about the project, and what renders them as a site."""
