"""Oddjet: anomalous jets found without labels.

The data's road is one way, and a module imports only from stages before its own:
raw -> preprocessing -> samples -> training -> scoring -> fractions, clusters, validation
-> summary, figures.
"""

__version__ = "0.1.0"
