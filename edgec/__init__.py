"""edgec: an ahead-of-time compiler from ONNX networks to plain C for microcontrollers."""

__version__ = "0.1.0"
