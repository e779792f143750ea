"""Probes: functions from an encoding to scores ``[B, W, W+1]``."""

from .attention import AttentionProbe, AttentionWordsProbe
from .base import Probe
from .baselines import DistanceWordsProbe
from .structural import StructuralProbe

__all__ = [
    "AttentionProbe",
    "AttentionWordsProbe",
    "DistanceWordsProbe",
    "Probe",
    "StructuralProbe",
]
