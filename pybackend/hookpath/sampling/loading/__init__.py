"""From draws to arrays: read plans, patches at every resolution, worker processes.

In: draws and open slides. Out: batches of concentric patches and label patches. The worker process
imports no torch.
"""
