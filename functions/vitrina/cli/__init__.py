"""The operator's commands, one module or folder for each; ``commands`` is their common parser.

A command has two functions: ``add_arguments`` describes its command line, ``run`` does the work and
returns the exit code.
"""
