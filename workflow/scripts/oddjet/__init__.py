"""Oddjet: anomalous jets found without labels.

The data's road is one way, and a module imports only from its own stage and those before it:
planning -> prepare -> train -> estimate -> evaluate -> draw -> summarise -> publish.
"""

import os

# Before PyTorch loads OpenMP: threads that spin while they wait starve each other where cores are
# shared, which makes a training several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
