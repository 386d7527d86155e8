"""Tries on a scratch spreadsheet what ``docs/assumptions.md`` assumes about Google.

``python -m vitrina.cli.doctor`` works with the settings of the installation, on a live account or on an
emulator. One check answers one row of that table:

- ``check``: what a check is, and how it says what it saw;
- ``workbooks``: how it reads and writes; ``scratch``: the spreadsheet that the checks play with;
- ``files``, ``books``, ``rows``, ``contents``: the checks; ``by_hand``: those that need a person at the page;
- ``assumptions``: the table; ``examination``: all checks in a row, and the answer for each assumption.
"""
