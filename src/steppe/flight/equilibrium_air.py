"""Air in chemical equilibrium at the stagnation point of an entry: temperature and free electrons.

Partition functions of rigid rotors and harmonic oscillators with the lowest electronic states (Vincenti and Kruger,
*Introduction to Physical Gas Dynamics*, chapters IV and V; levels: NIST Atomic Spectra Database; molecules: Huber and
Herzberg, *Constants of Diatomic Molecules*, 1979). Species N2, O2, NO, N, O and, as traces, NO+, N+, O+ and electrons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.constants import BOLTZMANN_J_K

Array = npt.NDArray[np.float64]

_PLANCK_J_S = 6.62607015e-34
_DALTON_KG = 1.66053906660e-27
_NITROGEN_TO_OXYGEN = 0.79 / 0.21
# Specific heat of cold air: the free stream brings little beside its motion
_COLD_HEAT_J_KG_K = 1005.0


@dataclass(frozen=True, slots=True)
class _Species:
    """A gas: mass in u, energy at 0 K in K (0 for cold N2 and O2), rotation, vibration and electronic states."""

    mass_u: float
    zero_k: float
    levels: tuple[tuple[float, float], ...]
    rotation_k: float = 0.0
    vibration_k: float = 0.0

    def thermal_k(self, temperature_k: Array) -> Array:
        """Return the enthalpy of a particle over k, in K, formation included."""
        weights, sums = self._electronic(temperature_k)
        energy = 2.5 * temperature_k + self.zero_k + sums / weights
        if self.rotation_k:
            energy = energy + temperature_k + self.vibration_k / np.expm1(self.vibration_k / temperature_k)
        return energy

    def log_pressure_function(self, temperature_k: Array) -> Array:
        """Return ln of the partition function per volume times kT, from the common zero of energy, in ln Pa."""
        wave = (2.0 * math.pi * self.mass_u * _DALTON_KG * BOLTZMANN_J_K / _PLANCK_J_S**2) ** 1.5
        weights, _ = self._electronic(temperature_k)
        log = np.log(wave * BOLTZMANN_J_K * weights) + 2.5 * np.log(temperature_k) - self.zero_k / temperature_k
        if self.rotation_k:
            log = log + np.log(temperature_k / self.rotation_k) - np.log(-np.expm1(-self.vibration_k / temperature_k))
        return np.asarray(log)

    def _electronic(self, temperature_k: Array) -> tuple[Array, Array]:
        weight, energy = np.zeros_like(temperature_k), np.zeros_like(temperature_k)
        for degeneracy, level_k in self.levels:
            share = degeneracy * np.exp(-level_k / temperature_k)
            weight, energy = weight + share, energy + share * level_k
        return weight, energy


# Rotation: the temperature times the symmetry number. Zero levels from D0: N2 9.7594, O2 5.1167, NO 6.4968 eV;
# ionisation: NO 9.2642, N 14.5341, O 13.6181 eV (Huber and Herzberg; NIST); 1 eV is 11604.5 K
_EV_K = 11604.518
_N_K, _O_K = 0.5 * 9.7594 * _EV_K, 0.5 * 5.1167 * _EV_K
_NO_K = _N_K + _O_K - 6.4968 * _EV_K
_N2 = _Species(28.0134, 0.0, ((1.0, 0.0),), 2.0 * 2.875, 3354.0)
_O2 = _Species(31.9988, 0.0, ((3.0, 0.0), (2.0, 11393.0), (1.0, 18985.0)), 2.0 * 2.069, 2239.0)
_NO = _Species(30.0061, _NO_K, ((2.0, 0.0), (2.0, 174.0)), 2.439, 2699.0)
_N = _Species(14.0067, _N_K, ((4.0, 0.0), (10.0, 27664.0), (6.0, 41495.0)))
_O = _Species(15.9994, _O_K, ((5.0, 0.0), (3.0, 227.7), (1.0, 326.6), (5.0, 22831.0), (1.0, 48621.0)))
_NO_ION = _Species(30.0056, _NO_K + 9.2642 * _EV_K, ((1.0, 0.0),), 2.866, 3373.0)
_N_ION = _Species(14.0062, _N_K + 14.5341 * _EV_K, ((1.0, 0.0), (3.0, 70.1), (5.0, 188.2), (5.0, 22037.0)))
_O_ION = _Species(15.9989, _O_K + 13.6181 * _EV_K, ((4.0, 0.0), (10.0, 38581.0), (6.0, 58226.0)))
_ELECTRON = _Species(5.4858e-4, 0.0, ((2.0, 0.0),))


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Air in equilibrium; every array has the shape of the input.

    Attributes
    ----------
    temperature_k
        Temperature.
    enthalpy_j_kg
        Above cold N2 and O2 at 0 K.
    electron_density_m3
        Free electrons.
    fractions
        Mole fractions of N2, O2, NO, N, O.
    """

    temperature_k: Array
    enthalpy_j_kg: Array
    electron_density_m3: Array
    fractions: dict[str, Array]


def equilibrium(temperature_k: Array, pressure_pa: Array) -> Equilibrium:
    """Return the composition of air at a temperature and a pressure, arrays of one shape.

    The electrons are traces: they change neither the neutral gas nor the pressure, which holds within 1 % below 8000 K.
    """
    log = {one: one.log_pressure_function(temperature_k) for one in (_N2, _O2, _NO, _N, _O)}
    k_n2, k_o2 = (np.exp(np.clip(2.0 * log[a] - log[m], -650.0, 650.0)) for a, m in ((_N, _N2), (_O, _O2)))
    k_no = np.exp(np.clip(log[_N] + log[_O] - log[_NO], -650.0, 650.0))
    low, high = np.full_like(pressure_pa, -345.0), np.log(pressure_pa)
    for _ in range(70):
        middle = 0.5 * (low + high)
        n, _, mixture = _partial(np.exp(middle), pressure_pa, k_n2, k_o2, k_no)
        # more atomic oxygen, less nitrogen: the ratio of the elements falls
        too_little = _ratio(n, np.exp(middle), mixture) > _NITROGEN_TO_OXYGEN
        low, high = np.where(too_little, middle, low), np.where(too_little, high, middle)
    o = np.exp(0.5 * (low + high))
    n, _, (n2, o2, no) = _partial(o, pressure_pa, k_n2, k_o2, k_no)
    electrons_pa = _electrons_pa(temperature_k, log, no, n, o)
    species = ((_N2, n2), (_O2, o2), (_NO, no), (_N, n), (_O, o))
    mass = sum(pressure * one.mass_u for one, pressure in species) * _DALTON_KG
    heat = sum(pressure * one.thermal_k(temperature_k) for one, pressure in species) * BOLTZMANN_J_K
    names = ("N2", "O2", "NO", "N", "O")
    fractions = {name: np.asarray(p / pressure_pa) for name, (_, p) in zip(names, species, strict=True)}
    density = electrons_pa / (BOLTZMANN_J_K * temperature_k)
    return Equilibrium(temperature_k, np.asarray(heat / mass), np.asarray(density), fractions)


def stagnation(density_kg_m3: Array, airspeed_m_s: Array, air_temperature_k: float = 230.0) -> Equilibrium:
    """Return the air at the stagnation point behind a normal shock, in equilibrium.

    The gas comes to rest with its total enthalpy at the pressure rho V^2 (1 - eps / 2), eps the density ratio across
    the shock (momentum across a strong shock and incompressible flow behind it: Anderson, *Hypersonic and
    High-Temperature Gas Dynamics*, chapter 3). eps is 0.08, which stands within 0.02 for 3 to 8 km/s.

    Parameters
    ----------
    density_kg_m3, airspeed_m_s
        Of the free stream, shape (n,).
    air_temperature_k
        Of the free stream; 20 K more is 0.3 % of the enthalpy at 3 km/s.
    """
    pressure_pa = np.maximum(density_kg_m3 * airspeed_m_s**2 * 0.96, 1e-12)
    total = 0.5 * airspeed_m_s**2 + _COLD_HEAT_J_KG_K * air_temperature_k
    low, high = np.full_like(pressure_pa, 100.0), np.full_like(pressure_pa, 20000.0)
    for _ in range(45):
        middle = 0.5 * (low + high)
        hot = equilibrium(middle, pressure_pa).enthalpy_j_kg > total
        low, high = np.where(hot, low, middle), np.where(hot, middle, high)
    return equilibrium(0.5 * (low + high), pressure_pa)


def _partial(
    o: Array, pressure_pa: Array, k_n2: Array, k_o2: Array, k_no: Array
) -> tuple[Array, Array, tuple[Array, Array, Array]]:
    """Return the pressure of N that fills up the total at a pressure of O, the total, and N2, O2, NO."""
    rest = np.maximum(pressure_pa - o - o * o / k_o2, 0.0)
    linear = 1.0 + o / k_no
    # n^2 / k + linear n = rest, in the form that does not cancel
    n = 2.0 * rest / (linear + np.sqrt(linear * linear + 4.0 * rest / k_n2))
    return n, rest, (n * n / k_n2, o * o / k_o2, n * o / k_no)


def _ratio(n: Array, o: Array, mixture: tuple[Array, Array, Array]) -> Array:
    n2, o2, no = mixture
    return np.asarray((2.0 * n2 + no + n) / np.maximum(2.0 * o2 + no + o, 1e-300))


def _electrons_pa(temperature_k: Array, log: dict[_Species, Array], no: Array, n: Array, o: Array) -> Array:
    """Return the pressure of the electrons: as many as ions, each ion in equilibrium with its neutral (Saha)."""
    electron = _ELECTRON.log_pressure_function(temperature_k)
    square = np.zeros_like(temperature_k)
    for ion, neutral, pressure in ((_NO_ION, _NO, no), (_N_ION, _N, n), (_O_ION, _O, o)):
        exponent = ion.log_pressure_function(temperature_k) + electron - log[neutral]
        square = square + pressure * np.exp(np.clip(exponent, -600.0, 300.0))
    return np.sqrt(square)
