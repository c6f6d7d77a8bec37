"""The loop with an oracle in the place of the pathologist: learning curves of strategies.

In: synthetic slides, or a project on which everything is annotated. Out: curves with confidence
bands, as a table and a picture.
"""
