"""Records that a notebook meets seldom: a trial that broke off."""

from dataclasses import replace

import numpy as np
from torch import nn

from relume.types import Readings, Repair, Trial


def test_a_trial_that_broke_off_leaves_the_other_its_decades() -> None:
    broken = Trial(losses=np.array([1.0, 50.0, np.nan]), readings=Readings(readings={}))
    after = replace(broken, losses=np.geomspace(1.0, 1e-4, 20), setting={"clip-gradients": "done"})
    repair = Repair(model=nn.Identity(), remedies=("clip-gradients",), before=broken, after=after)
    assert repair.plot().axes[0].get_yscale() == "log"
