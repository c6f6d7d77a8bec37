"""What an evaluation found, as data, tables and pages.

In: scores of slides. Out: ``report.json``, ``report.html``, CSV tables, and the page of a training
run. Templates lie in ``templates/``. Uses scoring, statistics and plotting.
"""
