"""`vssl bench`: how fast each part is, beside what one would use otherwise, on the same work in one run.

    timing     contenders run in turn, a few rounds; what counts are ratios within a round
    material   the videos to read: drawn once, or a folder of real ones
    peers      the libraries to compare with, each optional
    rows       what was measured, as records of the speed ledger and as a table
    compare    the ledger as somebody reads it: one machine, a race at a time, ours against the best of the others
    stages     decode, store (and gather), upload, augment, loss, step, train, beside, growth: a file each, named in `run`

A benchmark is never a timed test: machines are shared, and a figure of one run means something only beside another of that run.
"""
