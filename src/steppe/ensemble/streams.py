"""Random numbers that depend on (seed, sample, stream) alone: Philox4x32-10 and the functions that shape its output.

Everything here is made of the operations that IEEE 754 rounds exactly (+, -, *, /, sqrt, scaling by powers of two),
without contraction and without the C library, so a sample has the same bits on every processor, alone or in any batch.

Sources: Philox4x32-10, Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011);
normal quantile, Wichura, algorithm AS 241, Applied Statistics 37 (1988) 477-484; normal probability, Hart (1968) as
given by West, "Better approximations to cumulative normal functions", Wilmott (2005), and in the tail a continued
fraction; exp and log, Sun's fdlibm 5.3.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

from steppe.kernels.jit import _KernelCache

Function = TypeVar("Function", bound=Callable[..., Any])
Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LARGEST_SEED = 2**64 - 1

_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_DROPPED = np.uint64(12)
# Multipliers and Weyl constants of Philox4x32 (Salmon et al. 2011, table 2 and section 4.3)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROUNDS = 10

# ln 2 in two parts and its inverse (fdlibm, e_exp.c)
_LN2_HIGH, _LN2_LOW, _PER_LN2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.44269504088896338700
_SQRT_HALF = 0.70710678118654752440
_SQRT_TWO_PI = 2.5066282746310005024
_TERMS = 40


@cache
def _own_stamp() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def _exact(function: Function) -> Function:
    """Compile a function without any licence to reorder or fuse operations."""
    compiled: Function = njit(error_model="numpy", nogil=True)(function)
    return compiled


def _exact_loop(function: Function) -> Function:
    """Compile as `_exact`, with the disk cache of the kernels; its key has the text of this file."""
    compiled: Any = _exact(function)
    if hasattr(compiled, "_cache"):
        try:
            compiled._cache = _KernelCache(function, _own_stamp())
        except RuntimeError:  # no folder can be written: compile without a cache
            return compiled  # type: ignore[no-any-return]
    return compiled  # type: ignore[no-any-return]


@cache
def stream_number(name: str) -> int:
    """Return the number of the stream of a parameter: a hash of 32 bits of its name, the same in every version.

    So a parameter that is added to a file, or moved in it, does not change what the others draw.
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


@_exact
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """Return the four words of Philox4x32-10 for a counter of four words and a key of two.

    Words are 32 bits, held in unsigned 64-bit integers.
    """
    for _ in range(_ROUNDS):
        first, second = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (second >> _WORD) ^ c1 ^ k0, second & _LOW, (first >> _WORD) ^ c3 ^ k1, first & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@_exact
def uniform_pair(seed: Any, sample: Any, stream: Any, block: Any) -> tuple[float, float]:
    """Return two uniform numbers: odd multiples of 2^-53, so never 0 or 1 and symmetric about 1/2."""
    sample = np.uint64(sample)
    a, b, c, d = philox(
        sample & _LOW, sample >> _WORD, np.uint64(stream), np.uint64(block), seed & _LOW, seed >> _WORD
    )  # fmt: skip
    first, second = ((b << _WORD) | a) >> _DROPPED, ((d << _WORD) | c) >> _DROPPED
    return (float(first) + 0.5) * 2.0**-52, (float(second) + 0.5) * 2.0**-52


@_exact
def logarithm(x: float) -> float:
    """Return ln x for a normal positive x (fdlibm e_log.c: error below 1 unit in the last place)."""
    mantissa, exponent = math.frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    return exponent * _LN2_HIGH - ((half - (s * (half + even + odd) + exponent * _LN2_LOW)) - f)


@_exact
def exponential(x: float) -> float:
    """Return exp x for |x| < 700 (fdlibm e_exp.c: error below 1 unit in the last place)."""
    whole = math.floor(_PER_LN2 * x + 0.5)
    high, low = x - whole * _LN2_HIGH, whole * _LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    return math.ldexp(1.0 - ((low - (r * c) / (2.0 - c)) - high), int(whole))


@_exact
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile of 0 < p < 1 (AS 241, PPND16: about 1 part in 1e16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = (
            ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
            + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
            + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
        )  # fmt: skip
        below = (
            ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
            + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
            + 4.2313330701600911252e1) * r + 1.0
        )  # fmt: skip
        return q * above / below
    r = math.sqrt(-logarithm(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        above = (
            ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
            + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
            + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        )  # fmt: skip
        below = (
            ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
            + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
            + 2.05319162663775882187e0) * r + 1.0
        )  # fmt: skip
    else:
        r -= 5.0
        above = (
            ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
            + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
            + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
        )  # fmt: skip
        below = (
            ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
            + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
            + 5.99832206555887937690e-1) * r + 1.0
        )  # fmt: skip
    return -above / below if q < 0.0 else above / below


@_exact
def normal_probability(z: float) -> float:
    """Return the standard normal probability below z (about 1 part in 1e14; 3e-13 beyond 20 sigma)."""
    size = abs(z)
    if size > 37.0:
        return 0.0 if z < 0.0 else 1.0
    tail = exponential(-0.5 * size * size)
    if size < 3.0:
        above = (
            (((((3.52624965998911e-2 * size + 0.700383064443688) * size + 6.37396220353165) * size
            + 33.912866078383) * size + 112.079291497871) * size + 221.213596169931) * size + 220.206867912376
        )  # fmt: skip
        below = (
            ((((((8.83883476483184e-2 * size + 1.75566716318264) * size + 16.064177579207) * size
            + 86.7807322029461) * size + 296.564248779674) * size + 637.333633378831) * size
            + 793.826512519948) * size + 440.413735824752
        )  # fmt: skip
        tail = tail * above / below
    else:
        # continued fraction (Abramowitz and Stegun 26.2.14): keeps its digits where Hart's fraction loses them
        fraction = size
        for term in range(_TERMS, 0, -1):
            fraction = size + term / fraction
        tail /= fraction * _SQRT_TWO_PI
    return tail if z < 0.0 else 1.0 - tail


@_exact_loop
def fill_uniforms(seed: np.uint64, samples: Indices, stream: int, out: Array) -> None:
    """Put the first uniform number of a stream for each sample into `out`, shape (samples,)."""
    for i in range(samples.shape[0]):
        out[i], _ = uniform_pair(seed, samples[i], stream, 0)


@_exact_loop
def fill_quantiles(p: Array, out: Array) -> None:
    """Put the standard normal quantiles of `p` into `out`."""
    for i in range(p.shape[0]):
        out[i] = normal_quantile(p[i])


@_exact_loop
def fill_probabilities(z: Array, out: Array) -> None:
    """Put the standard normal probabilities below `z` into `out`."""
    for i in range(z.shape[0]):
        out[i] = normal_probability(z[i])


@_exact_loop
def fill_exponentials(x: Array, out: Array) -> None:
    """Put exp of `x`, shape (rows, columns), into `out`."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = exponential(x[i, j])


@_exact_loop
def add_series(
    seed: np.uint64, samples: Indices, stream: int, kept: Array, fresh: Array, weight: Array, out: Array
) -> None:
    """Add weight_j x_j to `out`, shape (samples, nodes), with x_j = kept_j x_(j-1) + fresh_j z_j and z_j normal.

    With kept_j^2 + fresh_j^2 = 1 and kept_0 = 0 each x_j is standard normal: a first-order autoregression.
    """
    nodes = out.shape[1]
    for i in range(samples.shape[0]):
        x = 0.0
        later = 0.0
        for j in range(nodes):
            if j % 2 == 0:
                now, later = uniform_pair(seed, samples[i], stream, j // 2)
            else:
                now = later
            x = kept[j] * x + fresh[j] * normal_quantile(now)
            out[i, j] += weight[j] * x


@_exact_loop
def fill_layers(density_factor: Array, east: Array, north: Array, out: Array) -> None:
    """Turn profiles at nodes, shape (samples, nodes), into layers, shape (samples (nodes - 1), 6).

    The columns are those of `steppe.kernels.deviation`: logarithm of the factor on the density, wind to the east and
    to the north at the bottom of the layer, each followed by its change through the layer.
    """
    layers = density_factor.shape[1] - 1
    for i in range(density_factor.shape[0]):
        below = logarithm(density_factor[i, 0])
        for j in range(layers):
            above = logarithm(density_factor[i, j + 1])
            row = i * layers + j
            out[row, 0], out[row, 1] = below, above - below
            out[row, 2], out[row, 3] = east[i, j], east[i, j + 1] - east[i, j]
            out[row, 4], out[row, 5] = north[i, j], north[i, j + 1] - north[i, j]
            below = above
