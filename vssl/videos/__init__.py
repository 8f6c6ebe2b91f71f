"""Videos: decoding, the frame store, readers of the papers' datasets, and the puppets."""
