"""The optimiser of all trainings."""

from inspect import unwrap

import torch


class Adam(torch.optim.Adam):
    """Adam as PyTorch has it, without its ties to torch.compile.

    PyTorch wraps these methods in what keeps torch.compile away from them, and imports it for that:
    two seconds at the start of every training (docs/performance.md). Nothing is compiled here.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
