"""The programs of plain layers; what they are made of is in `mlp`."""

from torch.nn import init

from tests.faults.building import he
from tests.faults.eighth.making import ALIKE, GROWTH, INPUT, RATE, STEP, UNDEFINED, WEIGHTS
from tests.faults.program import faulty, healthy
from tests.faults.sixteenth import mlp
from tests.faults.sixteenth.making import MULTIPLIED, PRUNED, RESTORED, he_by_variance
from tests.faults.tenth.making import DRIVEN

programs = (
    healthy("mlp-teas-six-by-root-of-variance", lambda: mlp.poured(he)),
    healthy("mlp-teas-three-tanh-by-fan", lambda: mlp.voted(init.xavier_uniform_)),
    healthy("mlp-parcels-tenth-dropped", lambda: mlp.thinned(0.9)),
    healthy("mlp-teas-tenth-of-units-pruned", mlp.trimmed),
    healthy("mlp-teas-distilled-and-a-bit", mlp.distilled),
    healthy("mlp-teas-grown-with-noise", lambda: mlp.grown(is_shaken=True)),
    healthy("mlp-ballots-sum-and-its-rate", mlp.by_batch_sum),
    faulty(
        "mlp-teas-six-by-variance",
        "vanishing-gradient",
        lambda: mlp.poured(he_by_variance),
        cause=WEIGHTS,
        twin="mlp-teas-six-by-root-of-variance",
        also=("stalled-layer", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-teas-rows-of-one-seed",
        "symmetric-units",
        lambda: mlp.voted(mlp.Rows(is_anew=True)),
        cause=ALIKE + "|seed",
        twin="mlp-teas-three-tanh-by-fan",
        also=("saturated-units", "stalled-layer"),
    ),
    faulty(
        "mlp-teas-width-multiplied",
        "exploding-gradient",
        lambda: mlp.poured(he, 8.0),
        cause=GROWTH + MULTIPLIED,
        twin="mlp-teas-six-by-root-of-variance",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-teas-whole-numbers-without-scale",
        "exploding-activation",
        lambda: mlp.poured(mlp.whole),
        cause=GROWTH + RESTORED,
        twin="mlp-teas-six-by-root-of-variance",
        also=("exploding-gradient", "dead-units", "stalled-layer"),
    ),
    faulty(
        "mlp-parcels-over-dropped-share",
        "exploding-activation",
        lambda: mlp.thinned(0.1),
        cause=GROWTH + MULTIPLIED,
        twin="mlp-parcels-tenth-dropped",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-parcels-rate-of-plain-descent",
        "dead-units",
        lambda: mlp.thinned(0.9, 0.3),
        cause=DRIVEN,
        twin="mlp-parcels-tenth-dropped",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-teas-tenth-of-units-kept",
        "dead-units",
        lambda: mlp.trimmed(0.1),
        cause="dead" + PRUNED,
        twin="mlp-teas-tenth-of-units-pruned",
        also=("symmetric-units", "stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "mlp-teas-distilled-from-no-chance",
        "non-finite",
        lambda: mlp.distilled(0.0),
        cause=UNDEFINED + "|target|label",
        twin="mlp-teas-distilled-and-a-bit",
    ),
    faulty(
        "mlp-teas-over-variance",
        "unscaled-input",
        lambda: mlp.trimmed(power=2),
        cause=INPUT + "|scale",
        twin="mlp-teas-tenth-of-units-pruned",
        also=("exploding-activation", "exploding-gradient", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-teas-grown-by-copies",
        "symmetric-units",
        lambda: mlp.grown(is_shaken=False),
        cause=ALIKE,
        twin="mlp-teas-grown-with-noise",
    ),
    faulty(
        "mlp-teas-rate-rises",
        "unstable-updates",
        lambda: mlp.trimmed(by=1.08),
        cause=STEP,
        twin="mlp-teas-tenth-of-units-pruned",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "mlp-teas-new-head-not-known",
        "stalled-layer",
        lambda: mlp.distilled(is_head_after=True),
        cause=RATE,
        twin="mlp-teas-distilled-and-a-bit",
    ),
)
