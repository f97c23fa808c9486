"""The networks that are measured: the course's, and the default."""

COURSE = {"kind": "convolutional", "latent": 32, "dropout": 0.2, "activation": "relu"}
COURSE |= {"downsampling": "stride", "upsampling": "transposed", "output": "sigmoid"}
DEFAULT = {"kind": "dense", "latent": 3, "dropout": 0.0, "hidden": [64, 32]}
DEFAULT |= {"activation": "gelu", "output": "linear"}
