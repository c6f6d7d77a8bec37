"""What computes a network: torch, ONNX Runtime or OpenVINO, and on which device.

In: a network or an exported model. Out: runners of tiles or patches that give the same numbers.
"""
