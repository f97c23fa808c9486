"""Faults, each drawn from a seed, that strike the whole workflow; and input made to harm."""
