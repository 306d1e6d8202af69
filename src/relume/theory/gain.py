"""Gains: the weight variances, times the fan, that keep a signal or its gradient at the same size."""

from relume.catalogue.activation import Activation
from relume.theory.moments import mean_square, mean_square_slope
from relume.theory.quadrature import Estimate


def forward_gain(activation: Activation, *, pre_activation_std: float = 1.0) -> Estimate:
    r"""Find the fan_in * Var[w] that gives the next layer's pre-activations the variance of this one's.

    q / E[f(sqrt(q) z)^2] with sqrt(q) = `pre_activation_std`: 2 for ReLU at any scale. Biases are zero. RReLU
    is catalogued, and measured here, in the form used for evaluation.

    References
    ----------
    He, Zhang, Ren, Sun (2015), Delving deep into rectifiers, equation 10.

    Examples
    --------
    >>> from relume import activations
    >>> round(forward_gain(activations["relu"]).value, 12)
    2.0
    """
    q = pre_activation_std**2
    return mean_square(activation, q).inverse().scaled(q)


def backward_gain(activation: Activation, *, pre_activation_std: float = 1.0) -> Estimate:
    r"""Find the fan_out * Var[w] that keeps the gradient's mean square from a layer's output to its input.

    1 / E[f'(sqrt(q) z)^2] with sqrt(q) = `pre_activation_std`: 2 for ReLU at any scale. It is 0 where the
    mean square slope diverges: no positive variance holds the gradient.

    References
    ----------
    He, Zhang, Ren, Sun (2015), Delving deep into rectifiers, equation 14.

    Examples
    --------
    >>> from relume import activations
    >>> round(backward_gain(activations["relu"]).value, 12)
    2.0
    """
    return mean_square_slope(activation, pre_activation_std**2).inverse()
