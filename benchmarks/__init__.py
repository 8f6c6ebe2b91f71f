"""`make bench`: how fast each part is beside what one would use otherwise.

All contenders do the same work in the same run.

    timing     runs contenders in turn for a few rounds; only ratios within a round count
    material   the videos to read: puppets, drawn once, or a folder of real videos
    peers      the libraries to compare with, each of them optional
    run        the stages, a file each: decode, store (and gather), upload, augment, loss, step,
               train, beside and growth
    planning   the page docs/scaling.md, made from the speed ledger

The measurements are read by `vssl.results.speed` and `vssl.results.races`, and drawn by
`vssl.figures.speed`. The package `vssl` imports nothing from here.

No test fails because something was slow. Machines are shared, so a figure means something only
beside another figure of the same run.
"""
