"""Figures. Nothing is computed from here on that another stage needs."""
