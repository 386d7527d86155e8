"""Tries on a scratch spreadsheet what ``docs/assumptions.md`` assumes about Google.

``python -m vitrina doctor`` uses the settings of the installation, with a live account or an emulator.
Each probe tests one row of that table:

- ``command``: the command line; ``crm/``, ``chat/`` and ``mail/``: what ``--crm``, ``--chat`` and ``--mail``
  look at;
- ``assumptions``: reads the table; ``report``: runs all probes and prints the result for each assumption;
- ``probe``: what a probe is and how it reports; ``probes/``: the probes, by subject;
- ``scratch_workbook``: the spreadsheet that the probes work on; ``adapter``: the calls that it needs.
"""
