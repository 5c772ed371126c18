"""What every diagnostic means and how it is mended: `edgec explain CODE`."""

from __future__ import annotations

from types import MappingProxyType

from edgec.explain.entry import Explanation
from edgec.explain.model import MODEL
from edgec.explain.operators import OPERATORS
from edgec.explain.running import RUNNING
from edgec.explain.stages import STAGES
from edgec.explain.usage import USAGE

__all__ = ["CODES", "Explanation"]

CODES = MappingProxyType({**USAGE, **MODEL, **OPERATORS, **STAGES, **RUNNING})
