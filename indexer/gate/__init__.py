"""The quality gate: a new version is asked judged queries before it goes live, and refused where it answers them worse.

::

    file        GATE.toml and the files it names → checks, or what is wrong with them
    asking      a check's queries put to one version, through the engine that serves it
    decision    two answers → means, a p-value, and the reasons to refuse; pure
    wording     what was found, for people
    gate        the story

Of the three doors this room alone looks into another: a gate is evaluation, and measures with `eval`'s own code.
Nothing of the indexer imports it before --gate is given.
"""
