"""When a fraction is not to be trusted, whatever its interval says."""

# What of the uncertainty budget is part of a total interval. The reach over estimators is not: they
# see the same jets, and each has a statistical uncertainty of its own.
SYSTEMATIC = ("overlap", "seeds", "contamination")
# Standard deviations of an excess from which on it says what the anomalous jets look like. Where
# none is seen, the score may be blind to the anomaly.
VISIBLE = 4.0
# Share of its value by which a fraction may read low because of anomalous jets in the anchor
MOST_OVERLAP = 0.4
