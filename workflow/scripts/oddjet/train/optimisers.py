"""The optimiser of all trainings."""

from collections.abc import Iterable
from inspect import unwrap

import torch
from torch.nn import Parameter


class Adam(torch.optim.Adam):
    """Adam as PyTorch has it, without its ties to torch.compile.

    PyTorch wraps these methods in what keeps torch.compile away from them, and imports it for that:
    two seconds at the start of every training (docs/performance.md). Nothing is compiled here.

    On the CPU one kernel of PyTorch's steps all parameters, a fifth off a step of a small network.
    """

    def __init__(self, parameters: Iterable[Parameter], learning_rate: float) -> None:
        parameters = list(parameters)
        on_cpu = all(one.device.type == "cpu" for one in parameters)
        super().__init__(parameters, learning_rate, fused=on_cpu or None)

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
