"""Reads ONNX models. The only place that knows the ONNX format and trusts none of its text."""

from edgec.importer.model import import_model

__all__ = ["import_model"]
