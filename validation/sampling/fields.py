"""Gaussian fields of given covariance on a ring or a torus: how to draw them for the least work (``field_kernels``).

Two ways, both to 1e-10 of the covariance. A **filter** correlates white noise with a few taps; on a torus it needs a
covariance that is a product of the rings', and runs along columns, then rows. **Modes** sum the Fourier modes that
carry power; on a torus direction by direction, so that any even covariance will do. numba has no FFT; this sum, with
cosines and sines taken apart, costs ``modes * sites / 2`` multiply-adds, and few modes are few normal numbers. It is
the cheaper way where the field is smooth on the scale of the ring. Measured (wrapped squared exponential, normal
numbers included, modes over filter): D = 100: 1.9, 1.07, 0.91, 0.76, 0.54 at xi = 4, 6, 7, 8, 10; D = 200: 0.80 at 10;
L = 64: 1.4 and 0.6 at xi = 4 and 6. The counts that decide say 2.2, 1.18, 0.95, 0.76, 0.52; 0.86; 1.7 and 0.75.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Taps and modes are dropped while no entry of the field's covariance moves by more than this.
COVARIANCE_CHANGE = 1e-10

#: Work of a normal number, in multiply-adds of a filter (1.3-1.9 ns against 1/14-1/10 ns).
NORMAL = 18.0
#: The same for a multiply-add in the sum over modes, whose table does not stay in registers, and for adding them up.
MODE, FOLD = 1.5, 6.0
_LARGEST_TABLE = 2**22  # numbers, 32 MB: beyond, a filter is taken where there is one


class FieldRecipe(NamedTuple):
    """A way to draw a field: ``work`` counts multiply-adds, the rest is what the kernels read.

    Attributes
    ----------
    modes, cosines : int
        Rows of the basis, and how many of them, the first, are cosines; 0 for a filter.
    table : (m,) array
        Taps, or the basis: cosines, then sines, row by row, each on sites 0 .. L/2. Either kind is padded with
        zeros to a multiple of 4 rows.
    amplitude : (modes,) or (modes * modes,) array
        Standard deviation of every mode; empty for a filter.
    work : float
    """

    modes: int
    cosines: int
    table: np.ndarray
    amplitude: np.ndarray
    work: float


def ring_field(c: np.ndarray) -> FieldRecipe:
    """The cheaper way to a field on a ring whose covariance is ``c`` (D,), ``c_0 = 1``."""
    return _cheaper(_filter_along(field_filter(c), c.shape), c)


def torus_field(c: np.ndarray, ring: np.ndarray | None = None) -> FieldRecipe:
    """The cheaper way to a field on a torus: covariance ``c`` (L, L), a product of ``ring`` (L,) if that is given."""
    return _cheaper(None if ring is None else _filter_along(field_filter(ring), c.shape), c)


def _cheaper(filtered: FieldRecipe | None, c: np.ndarray) -> FieldRecipe:
    """Modes where they are cheaper, by their count alone; else their table, which may be large, is not made."""
    if filtered is not None:
        modes = mode_count(c)
        if filtered.work <= _mode_work(modes, c.shape) or modes * (c.shape[0] // 2 + 1) > _LARGEST_TABLE:
            return filtered
    return field_modes(c)


def _filter_along(taps: np.ndarray, shape: tuple[int, ...]) -> FieldRecipe:
    sites = float(np.prod(shape))
    return FieldRecipe(0, 0, taps, np.empty(0), sites * (NORMAL + len(shape) * taps.size))


def _power(c: np.ndarray) -> np.ndarray:
    """Eigenvalues of the covariance ``c``; negative ones, which are tiny, become 0 and the variance stays 1."""
    power = np.clip(np.fft.fftn(c).real, 0.0, None)
    return np.asarray(power * (power.size / power.sum()))


def field_filter(c: np.ndarray) -> np.ndarray:
    """Taps whose autocorrelation on the ring is the covariance ``c`` (D,), as few as there can be, padded to 4 k.

    A field's law knows no phase, so of all such taps the minimum-phase ones are taken: they reach no further than the
    covariance itself. Where that goes round the ring, the symmetric square root is taken, without its outer taps.
    """
    exact = np.fft.ifft(_power(c)).real
    taps = _minimum_phase(c, exact)
    if taps is None:
        taps = _symmetric_root(c, exact)
    padded = np.zeros(-(-taps.size // 4) * 4)
    padded[: taps.size] = taps
    return padded


def _moved(taps: np.ndarray, exact: np.ndarray) -> float:
    """Largest difference between the taps' autocorrelation on the ring and ``exact`` (D,)."""
    return float(np.abs(np.fft.ifft(np.abs(np.fft.fft(taps, exact.size)) ** 2).real - exact).max())


def _minimum_phase(c: np.ndarray, exact: np.ndarray) -> np.ndarray | None:
    """Causal taps from the covariance's cepstrum, or None where it does not end within half a ring."""
    half = c[: (c.size - 1) // 2 + 1]
    reach = int(np.flatnonzero(np.abs(half) > 0.5 * COVARIANCE_CHANGE).max())
    if c.size % 2 == 0 and abs(c[c.size // 2]) > COVARIANCE_CHANGE:
        return None
    # longer than the reach by a few per cent where many lags just below the bound would be cut together
    trials = [*range(reach - 2, reach + 3), *(int(f * reach) for f in (1.04, 1.08, 1.12, 1.2))]
    for trial in trials:
        if not 0 <= trial < half.size:
            continue
        taps = _spectral_factor(half[: trial + 1])
        if _moved(taps, exact) <= COVARIANCE_CHANGE:
            return taps
    return None


def _spectral_factor(half: np.ndarray) -> np.ndarray:
    """Minimum-phase taps (m + 1,) whose autocorrelation on the line is ``half`` (m + 1,), one side of it.

    Cutting a covariance leaves small negative powers; the spectrum is lifted above them, and scaled back.
    """
    count = 1 << (64 * half.size - 1).bit_length()
    line = np.zeros(count)
    line[: half.size] = half
    line[count - half.size + 1 :] = half[:0:-1]
    power = np.fft.fft(line).real
    power += max(-1.5 * power.min(), 0.0) + 0.01 * COVARIANCE_CHANGE
    cepstrum = np.fft.ifft(np.log(power)).real
    cepstrum[0] /= 2
    cepstrum[count // 2] /= 2
    cepstrum[count // 2 + 1 :] = 0.0  # what is left grows from the past alone
    taps = np.fft.ifft(np.exp(np.fft.fft(cepstrum))).real[: half.size]
    return np.asarray(taps / np.sqrt(taps @ taps))


def _symmetric_root(c: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Centred taps of the symmetric square root, as few as permitted; all of them where it goes round the ring."""
    root = np.fft.ifft(np.sqrt(_power(c))).real
    size = root.size
    low, reach = -1, size // 2
    while reach - low > 1:  # the shortest reach that moves nothing
        middle = (low + reach) // 2
        near = root[np.arange(-middle, middle + 1) % size]
        low, reach = (middle, reach) if _moved(near, exact) > COVARIANCE_CHANGE else (low, middle)
    count = min(2 * reach + 1, size)
    return np.asarray(root[np.arange(-reach, count - reach) % size])


def field_modes(c: np.ndarray) -> FieldRecipe:
    """The field of covariance ``c`` (D,) or (L, L), even in each direction, from the modes that carry power."""
    power, side = _power(c), c.shape[0]
    cosines, sines = _waves(power)
    wave = np.concatenate([cosines, sines])
    # a wave stands for its mirror image too; padding, wave -1, for nothing
    share = np.where(wave < 0, 0.0, np.where((wave == 0) | (2 * wave == side), 1.0, 2.0))
    grid = np.ix_(*[np.maximum(wave, 0)] * c.ndim)
    weight = share if c.ndim == 1 else share[:, None] * share
    amplitude = np.sqrt(power[grid] * weight / power.size)
    angle = 2 * np.pi / side * (wave[:, None] * np.arange(side // 2 + 1) % side)
    basis = np.where(wave[:, None] < 0, 0.0, np.cos(angle))
    basis[cosines.size :] = np.where(sines[:, None] < 0, 0.0, np.sin(angle[cosines.size :]))
    return FieldRecipe(wave.size, cosines.size, basis.ravel(), amplitude.ravel(), _mode_work(wave.size, c.shape))


def mode_count(c: np.ndarray) -> int:
    """Rows of the basis that ``field_modes`` would make for ``c``."""
    return sum(map(len, _waves(_power(c))))


def _waves(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wave numbers of the cosines and of the sines that carry power, each padded with -1 to a multiple of 4."""
    wave = np.arange(_highest_mode(power) + 1)
    sines = wave[(wave > 0) & (2 * wave != power.shape[0])]
    return _padded(wave), _padded(sines)


def _highest_mode(power: np.ndarray) -> int:
    """Largest wave number kept in any direction: those beyond carry less than ``COVARIANCE_CHANGE`` together."""
    side = power.shape[0]
    number = np.minimum(np.arange(side), side - np.arange(side))
    number = number if power.ndim == 1 else np.maximum(number[:, None], number)
    carried = np.bincount(number.ravel(), power.ravel()) / power.size
    beyond = np.append(carried[::-1].cumsum()[::-1][1:], 0.0)
    return int(np.flatnonzero(beyond <= 0.5 * COVARIANCE_CHANGE).min())


def _padded(wave: np.ndarray) -> np.ndarray:
    return np.concatenate([wave, np.full(-wave.size % 4, -1)])


def _mode_work(modes: int, shape: tuple[int, ...]) -> float:
    half = shape[0] // 2 + 1
    sums = modes * half * (1 if len(shape) == 1 else modes + shape[1])
    return NORMAL * modes ** len(shape) + MODE * sums + FOLD * float(np.prod(shape)) * len(shape)
