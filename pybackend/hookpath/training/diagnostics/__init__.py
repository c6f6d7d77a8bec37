"""What a run finds out about itself that a person should know, in words.

In: the data before the first step, the network after the last. Out: findings on console and page.
"""
