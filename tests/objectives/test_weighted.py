"""A sum of objectives adds weighted losses and keeps the metrics of its terms apart."""

import pytest
import torch

from vssl import methods
from vssl.errors import VsslError
from vssl.models.heads import Linear
from vssl.objectives import Classify, Contrast, SimCLR, Term, Weighted, with_term


def test_weighted_is_the_sum_of_its_terms(views):
    torch.manual_seed(0)
    terms = (
        Term("pace", 1.0, Classify("pace", Linear(4))),
        Term("contrast", 0.1, Contrast("context")),
    )
    objective, batch = Weighted(terms).build(8), views()
    loss, metrics, answers = objective(batch)
    first, second = (part(batch) for part in objective.terms)
    assert torch.allclose(loss, first.loss + 0.1 * second.loss)
    assert set(metrics) == {"pace_loss", "pace_accuracy", "contrast_loss"}
    assert metrics["pace_loss"] == first.loss and not metrics["pace_loss"].requires_grad
    assert set(answers) == {"pace_predicted", "pace_truth"}


def test_two_terms_of_one_kind_keep_their_metrics_apart(views):
    torch.manual_seed(0)
    pace = Classify("pace", Linear(4), views=(0,))
    other = Classify("pace", Linear(4), views=(1,))
    objective = Weighted((Term("first", 1.0, pace), Term("second", 1.0, other))).build(8)
    metrics = objective(views()).metrics
    assert set(metrics) == {"first_loss", "first_accuracy", "second_loss", "second_accuracy"}
    assert metrics["first_loss"] != metrics["second_loss"]


@pytest.mark.parametrize("names", [(), ("pace", "pace")])
def test_terms_have_different_names(names):
    with pytest.raises(VsslError, match="terms of different names"):
        Weighted(tuple(Term(name, 1.0, Contrast()) for name in names))


def test_a_term_joins_a_sum_or_makes_one():
    cut = Term("cut", 0.5, Classify("cut", Linear(15)))
    pace = methods.Pace().objective()
    assert with_term(pace, "base", cut) == Weighted((*pace.terms, cut))
    assert with_term(SimCLR(), "base", cut) == Weighted((Term("base", 1.0, SimCLR()), cut))


def test_descriptions_are_compared_by_value():
    pace = methods.Pace()
    assert pace.objective() == methods.Pace().objective()
    assert pace.objective() != methods.Pace(contrast="pace").objective()
