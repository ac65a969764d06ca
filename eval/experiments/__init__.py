"""Who won? The analysis of live experiments: the log read, events joined to searches, tests with the power they have.

``log`` reads the files, ``attribution`` says which search an event belongs to, ``deciding`` holds the tests, ``split``
and ``interleaved`` apply them, ``verdict`` puts the outcome in words. ``examination`` and ``counterfactual`` are the
click models. All of them are functions of arrays; only ``log`` touches files.
"""
