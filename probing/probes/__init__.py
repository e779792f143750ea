"""Probes: functions from an encoding to scores ``[B, W, W+1]``."""

from probing.probes.attention import AttentionProbe, AttentionWordsProbe
from probing.probes.base import Probe
from probing.probes.structural import StructuralProbe
from probing.probes.words_and_distance import DistanceWordsProbe

__all__ = [
    "AttentionProbe",
    "AttentionWordsProbe",
    "DistanceWordsProbe",
    "Probe",
    "StructuralProbe",
]
