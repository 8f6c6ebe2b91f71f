"""A GPU in one command: pack what travels, and run all that wants a GPU on a bare machine."""
