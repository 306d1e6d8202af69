"""Records that a notebook meets seldom: a claim of somebody else's, a trial that broke off."""

from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from relume.errors import DrawingError
from relume.evidence.results import Judged
from relume.evidence.subjects import Subject
from relume.types import Interval, Readings, Repair, Trial, Verdict


def test_a_claim_of_somebody_elses_says_why_it_is_not_drawn() -> None:
    verdict = Verdict(claim="mine", holds="holds", effect="a over b", interval=Interval(1.0, 0.9, 1.1, 5))
    judged = Judged(verdict=verdict, samples=(), subject=Subject(), cpu_seconds=0.0, notes=())
    assert "mine" in judged._repr_html_().lower()
    with pytest.raises(DrawingError, match="mine is no claim of relume's"):
        judged.plot()


def test_a_trial_that_broke_off_leaves_the_other_its_decades() -> None:
    broken = Trial(losses=np.array([1.0, 50.0, np.nan]), readings=Readings(readings={}))
    after = replace(broken, losses=np.geomspace(1.0, 1e-4, 20), setting={"clip-gradients": "done"})
    repair = Repair(model=nn.Identity(), remedies=("clip-gradients",), before=broken, after=after)
    assert repair.plot().axes[0].get_yscale() == "log"
