"""Where class maps come from: finished predictions, and what other programs wrote.

In: a prediction folder, label images or GeoJSON. Out: class labels of any rectangle of a slide,
read window by window.
"""
