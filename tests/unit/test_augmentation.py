"""Images changed at random while a model learns."""

import pytest
import torch
from conftest import AUGMENTATIONS, NO_AUGMENTATION

from oddjet.train.augmentation import augment


def images(many: int = 64, height: int = 6, width: int = 6) -> torch.Tensor:
    """Images of two channels, all pixels different."""
    return torch.arange(many * 2 * height * width, dtype=torch.float32).reshape(
        many, 2, height, width
    )


def changed(given: torch.Tensor, *steps: str, seed: int = 0) -> torch.Tensor:
    wanted = NO_AUGMENTATION | dict.fromkeys(steps, True)
    return augment(given, wanted, torch.Generator().manual_seed(seed))


# every image that a step can make of one, (C, H, W)
POSSIBLE = {
    "rotate": lambda image: [image.rot90(turns, (1, 2)) for turns in range(4)],
    "flip_eta": lambda image: [image, image.flip(1)],
    "flip_phi": lambda image: [image, image.flip(2)],
    "shift_phi": lambda image: [image.roll(shift, 2) for shift in range(image.shape[2])],
}


def test_without_a_step_images_stay_as_they_are() -> None:
    assert torch.equal(changed(images()), images())


@pytest.mark.parametrize("step", AUGMENTATIONS)
def test_a_step_makes_all_that_it_can_and_nothing_else(step: str) -> None:
    given = images()
    seen = set()
    for before, after in zip(given, changed(given, step), strict=True):
        which = [n for n, one in enumerate(POSSIBLE[step](before)) if torch.equal(one, after)]
        assert len(which) == 1
        seen.add(which[0])
    assert seen == set(range(len(POSSIBLE[step](given[0]))))


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    first, again = (changed(images(), *AUGMENTATIONS) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, changed(images(), *AUGMENTATIONS, seed=1))


def test_no_pixel_is_lost_whatever_is_done() -> None:
    given = images()
    for before, after in zip(given, changed(given, *AUGMENTATIONS), strict=True):
        assert sorted(after.flatten().tolist()) == before.flatten().tolist()


def test_images_that_are_not_square_are_shifted_and_mirrored_but_not_turned() -> None:
    given = images(height=4)
    assert changed(given, "flip_eta", "flip_phi", "shift_phi").shape == given.shape
    with pytest.raises(ValueError, match="4 x 6"):
        changed(given, "rotate")
