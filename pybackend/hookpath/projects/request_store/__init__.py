"""A project handed over in a file by a program that has it open, and what is handed back.

In: a request file. Out: a `Project`, and ``results/index.json`` for that program.
"""
