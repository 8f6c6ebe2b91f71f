"""The pretext model passes each view once, of any length, and may change views by a generator."""

import pytest
import torch
from torch import nn

from vssl import methods, models
from vssl.errors import VsslError
from vssl.models.heads import Linear
from vssl.objectives import Classify, Contrast, Pretext, SimCLR, Term, Weighted
from vssl.objectives.pretext import groups_of


class Counting(nn.Module):
    """A backbone that keeps the shape of the clips of each pass."""

    dim = 3

    def __init__(self):
        super().__init__()
        self.passes = []

    def forward(self, x):
        self.passes.append(x.shape)
        return x


def test_one_backbone_pass_for_all_views_of_all_objectives():
    backbone = Counting()
    model = Pretext(backbone, methods.Pace(contrast="context").objective(), (2, 2))
    outcome = model(torch.rand(6, 3, 2, 4, 4), {"pace": torch.zeros(3, 2, dtype=torch.long)})
    assert len(backbone.passes) == 1 and outcome.loss.isfinite()


def test_an_objective_without_labels_needs_no_labels_from_the_sampler():
    outcome = Pretext(Counting(), SimCLR(), (2, 2))(torch.rand(6, 3, 2, 4, 4), {})
    assert outcome.loss.isfinite()


def test_views_of_each_length_go_through_the_backbone_in_one_batch():
    backbone = Counting()
    terms = (
        Term("long", 1.0, Classify("cut", Linear(5), views=(0, 1))),
        Term("short", 1.0, Classify("action", Linear(5), views=(2,))),
        Term("all", 1.0, Contrast("context")),
    )
    model = Pretext(backbone, Weighted(terms), (16, 16, 8))
    x = (torch.rand(6, 3, 16, 4, 4), torch.rand(3, 3, 8, 4, 4))
    labels = {
        "cut": torch.zeros(3, 3, dtype=torch.long),
        "action": torch.zeros(3, dtype=torch.long),
    }
    assert model(x, labels).loss.isfinite()
    assert [tuple(shape[:3]) for shape in backbone.passes] == [(6, 3, 16), (3, 3, 8)]


def test_a_view_that_no_objective_reads_does_not_go_through_the_backbone():
    backbone = Counting()
    model = Pretext(backbone, Classify("action", Linear(5), views=(1,)), (4, 4, 2))
    x = (torch.rand(6, 3, 4, 4, 4), torch.rand(3, 3, 2, 4, 4))
    loss = model(x, {"action": torch.zeros(3, dtype=torch.long)}).loss
    assert loss.isfinite() and [len(shape) and shape[0] for shape in backbone.passes] == [3]


def test_lengths_are_grouped_in_the_order_of_their_first_view():
    assert groups_of((16, 16, 8)) == ((0, 1), (2,))
    assert groups_of((8, 16, 8)) == ((0, 2), (1,))
    with pytest.raises(VsslError, match="one view or more"):
        groups_of(())


def test_several_samples_of_a_video_count_as_one_video():
    model = Pretext(Counting(), Contrast("context"), (2,), samples=2)
    x = torch.rand(4, 3, 2, 4, 4)  # two samples of each of two videos
    alone = Pretext(Counting(), Contrast("context"), (2, 2))(x, {})
    assert torch.equal(model(x, {}).loss, alone.loss) and alone.loss > 0


@pytest.mark.parametrize("clips", [(torch.rand(5, 3, 2, 4, 4),), (torch.rand(4, 3, 2, 4, 4),) * 2])
def test_a_batch_that_does_not_fit_the_layout_is_refused_in_one_line(clips):
    with pytest.raises(VsslError, match="a batch holds 2 clips of each video"):
        Pretext(Counting(), SimCLR(), (2, 2))(clips, {})


def test_a_generator_changes_views_and_is_not_learnt():
    class Darker(nn.Module):
        def __init__(self):
            super().__init__()
            self.share = nn.Parameter(torch.tensor(0.5))
            self.norm = nn.BatchNorm3d(3)

        def forward(self, x):
            return self.norm(x) * self.share

    torch.manual_seed(0)
    backbone = models.build("r3d", 4, True)
    model = Pretext(backbone, SimCLR(), (4, 4), generator=Darker()).train()
    before = {name: value.clone() for name, value in model.generator.state_dict().items()}
    x = torch.rand(4, 3, 4, 32, 32)
    loss = model(x, {}).loss
    loss.backward()
    assert not model.generator.training and model.generator.share.grad is None
    after = model.generator.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
    plain = Pretext(backbone, SimCLR(), (4, 4)).train()
    plain.objective.load_state_dict(model.objective.state_dict())
    darker = model.generator(x)
    assert torch.allclose(plain(darker, {}).loss, loss, atol=1e-5)
