"""One file for each official layout of a dataset; `vssl.videos.catalogue` says who reads what."""
