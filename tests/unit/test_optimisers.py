"""The optimiser: Adam as it is in PyTorch, and nothing of torch.compile."""

import subprocess
import sys
from functools import partial

import pytest
import torch
from conftest import SCRIPTS

from oddjet.train.optimisers import Adam

STEPS = """
import sys
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau
from oddjet.train.optimisers import Adam
from oddjet.train.torch_setup import set_up_torch

set_up_torch(1, 1)
network = torch.nn.Linear(3, 1)
optimiser = Adam(network.parameters(), 0.1)
schedule = ReduceLROnPlateau(optimiser)
for _ in range(2):
    optimiser.zero_grad()
    network(torch.rand(5, 3)).sum().backward()
    optimiser.step()
    schedule.step(1.0)
optimiser.load_state_dict(optimiser.state_dict())
print(*sys.modules)
"""


def test_what_sets_up_and_steps_does_not_import_torch_compile() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEPS], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    found = set(done.stdout.split())
    assert "torch.optim.adam" in found
    assert not {"torch._dynamo", "torch._inductor"} & found


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize(
    ("fused", "apart"),
    [
        (True, 0.0),
        (False, 1e-6),  # roundings of single precision in numbers of order one
    ],
)
def test_steps_are_those_of_pytorch(resumed: bool, fused: bool, apart: float) -> None:
    made = {}
    for kind in (Adam, partial(torch.optim.Adam, fused=fused)):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
        optimiser = kind(network.parameters(), 0.1)
        for step in range(6):
            if resumed and step == 3:
                state = optimiser.state_dict()
                optimiser = kind(network.parameters(), 0.2)
                optimiser.load_state_dict(state)
            optimiser.zero_grad()
            network(torch.rand(8, 4)).square().mean().backward()
            optimiser.step()
        made[kind] = [parameter.detach() for parameter in network.parameters()]
    for ours, theirs in zip(*made.values(), strict=True):
        assert (ours - theirs).abs().max() <= apart


def test_a_step_leaves_no_gradient_to_its_own_operations() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    optimiser = Adam([parameter], 0.1)
    parameter.sum().backward()
    optimiser.step()
    assert parameter.grad_fn is None
    assert parameter.requires_grad
    assert torch.is_grad_enabled()
