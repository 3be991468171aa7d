import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.explain.explanation import Subject
from edgedf.explain.maps import Crop, attention, centre_prior, correlation, occlusion, upsampled


def test_occlusion_finds_what_the_logit_rests_on(subject: Subject, crop: Crop, region: NDArray[np.bool_]) -> None:
    found = occlusion(subject.ask, crop, 1.0)
    assert region[np.unravel_index(found.argmax(), found.shape)]
    assert found[:60].max() == 0  # more than a patch away nothing changes


def test_occlusion_for_the_other_verdict_finds_nothing(subject: Subject, crop: Crop) -> None:
    """Hiding texture only lowers this logit."""
    assert occlusion(subject.ask, crop, -1.0).max() == 0


def test_attention_is_the_models_own_at_the_size_of_the_crop(subject: Subject, crop: Crop) -> None:
    found = attention(subject.ask, crop)
    assert found.shape == (256, 256)
    assert found[:112, :112].min() == pytest.approx(0.5) and found[144:].max() == 0


def test_upsampling_leaves_out_what_opposes() -> None:
    assert upsampled(np.array([[-1.0, -2.0], [-3.0, 0.0]])).max() == 0


def test_the_centre_prior_is_highest_in_the_middle_and_the_same_on_all_sides() -> None:
    prior = centre_prior()
    assert np.allclose(prior, prior[::-1]) and np.allclose(prior, prior.T)
    assert prior.argmax() in (127 * 256 + 127, 127 * 256 + 128, 128 * 256 + 127, 128 * 256 + 128)


def test_correlation_of_a_map_with_itself_its_opposite_and_a_flat_one() -> None:
    prior = centre_prior()
    assert correlation(prior, 3 * prior + 1) == pytest.approx(1)
    assert correlation(prior, -prior) == pytest.approx(-1)
    assert correlation(prior, np.full_like(prior, 0.3)) == 0
