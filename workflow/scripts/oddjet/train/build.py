"""Autoencoders by the name of their kind."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from oddjet.train.models.base import Autoencoder


def kind_of(name: str) -> type[Autoencoder]:
    """The class of a kind: `KIND` of the module of that name in `oddjet.train.models`."""
    kind: type[Autoencoder] = import_module(f"oddjet.train.models.{name}").KIND
    return kind


def build(shape: tuple[int, int, int], parameters: Mapping[str, Any]) -> Autoencoder:
    """Make a model for images of `shape` (C, H, W) from its configuration.

    Raises:
        ValueError: the images are too small for it.
    """
    rest = dict(parameters)
    return kind_of(rest.pop("kind"))(shape, **rest)
