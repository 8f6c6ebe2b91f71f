"""Videos: decoding them, the frame store that decodes each only once, the readers of the papers' datasets, and the puppets."""
