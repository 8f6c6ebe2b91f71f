"""`make bench`: how fast each part is, beside what one would use otherwise, on the same work in one run.

    timing     contenders run in turn, a few rounds; what counts are ratios within a round
    material   the videos to read: drawn once, or a folder of real ones
    peers      the libraries to compare with, each optional
    stages     decode, store (and gather), upload, augment, loss, step, train, beside, growth: a file each, named in `run`

What was measured is read by `vssl.results.speed` and `vssl.results.races`, and drawn by
`vssl.figures.speed`; this package only measures, and plans from what it measured (`planning`).

A benchmark is never a timed test: machines are shared, and a figure of one run means something only beside another of that run.
"""
