"""PyTorch made repeatable."""

import os

import torch

from oddjet.train.torch_setup import set_up_torch


def test_repeatable_means_the_same_numbers_after_the_same_seed() -> None:
    before = os.environ.get("CUBLAS_WORKSPACE_CONFIG"), torch.get_num_threads()
    try:
        drawn = []
        for seed in (1, 1, 2):
            set_up_torch(seed, 1)
            drawn.append(torch.rand(4).tolist())
        assert drawn[0] == drawn[1] != drawn[2]
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 1
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"]
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(before[1])
        if before[0] is None:
            del os.environ["CUBLAS_WORKSPACE_CONFIG"]
