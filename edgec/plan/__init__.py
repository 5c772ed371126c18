"""Static memory planning: execution order, lifetimes, in-place sharing, placement, checking."""

from edgec.plan.check import check_plan
from edgec.plan.explain import explain_peak
from edgec.plan.planner import make_plan, plan_program, reorder
from edgec.plan.result import Lifetime, LiveBuffer, MemoryPlan, PeakReport

__all__ = [
    "Lifetime",
    "LiveBuffer",
    "MemoryPlan",
    "PeakReport",
    "check_plan",
    "explain_peak",
    "make_plan",
    "plan_program",
    "reorder",
]
