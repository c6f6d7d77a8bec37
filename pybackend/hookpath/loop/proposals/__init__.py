"""From probability maps and tissue masks to annotations that a brush can correct (AN1, AN2).

In: class probabilities, or a slide's thumbnail. Out: smoothed, simplified annotations.
"""
