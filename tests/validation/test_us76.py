"""Printed values of the U.S. Standard Atmosphere 1976 (NOAA-S/T 76-1562, NASA-TM-X-74335), tables of part 4."""

import numpy as np
import pytest

from steppe.environment.us76 import geopotential_altitude, us76

pytestmark = pytest.mark.validation

# geometric altitude km, temperature K, pressure Pa, density kg/m3
BELOW_86_KM = [
    (-5, 320.676, 1.7776e5, 1.9311),
    (0, 288.150, 1.01325e5, 1.2250),
    (5, 255.676, 5.4048e4, 7.3643e-1),
    (15, 216.650, 1.2111e4, 1.9476e-1),
    (25, 221.552, 2.5492e3, 4.0084e-2),
    (30, 226.509, 1.1970e3, 1.8410e-2),
    (40, 250.350, 2.8714e2, 3.9957e-3),
    (50, 270.650, 7.9779e1, 1.0269e-3),
    (60, 247.021, 2.1958e1, 3.0968e-4),
    (70, 219.585, 5.2209, 8.2829e-5),
    (75, 208.399, 2.3881, 3.9921e-5),
    (80, 198.639, 1.0524, 1.8458e-5),
]
# geopotential altitude km', temperature K, pressure Pa, density kg/m3
LAYER_BASES = [
    (11, 216.650, 2.2632e4, 3.6392e-1),
    (20, 216.650, 5.4748e3, 8.8035e-2),
    (32, 228.650, 8.6801e2, 1.3225e-2),
    (47, 270.650, 1.1090e2, 1.4275e-3),
    (51, 270.650, 6.6938e1, 8.6160e-4),
    (71, 214.650, 3.9564, 6.4211e-5),
]
# The printed pressure and density at 100 km lie 0.24 % below what those at 99 and 101 km say in balance
ABOVE_86_KM = [
    (86, 186.87, 3.7338e-1, 6.958e-6, 2e-4),
    (86.5, 186.87, 3.4163e-1, 6.366e-6, 2e-4),
    (100, 195.08, 3.2011e-2, 5.604e-7, 2.6e-3),
    (115, 300.00, 4.0096e-3, 4.289e-8, 2e-4),
    (120, 360.00, 2.5382e-3, 2.222e-8, 2e-4),
    (150, 634.39, 4.5422e-4, 2.076e-9, 4e-4),
    (200, 854.56, 8.4736e-5, 2.541e-10, 4e-4),
    (300, 976.01, 8.7704e-6, 1.916e-11, 4e-4),
    (400, 995.83, 1.4518e-6, 2.803e-12, 4e-4),
    (500, 999.24, 3.0236e-7, 5.215e-13, 4e-4),
    (750, 999.99, 2.2599e-8, 1.788e-14, 1e-3),
    (985, 1000.00, 7.9185e-9, 3.797e-15, 1e-3),
    (1000, 1000.00, 7.5138e-9, 3.561e-15, 1e-3),
]


@pytest.mark.parametrize(("altitude_km", "temperature", "pressure", "density"), BELOW_86_KM)
def test_it_has_the_printed_values_below_86_km(altitude_km, temperature, pressure, density):
    air = us76(altitude_km * 1e3)
    assert float(air.temperature_k) == pytest.approx(temperature, abs=6e-4)
    # Five printed digits; at 15 and 80 km the last one is cut, not rounded
    assert float(air.pressure_pa) == pytest.approx(pressure, rel=9e-5)
    assert float(air.density_kg_m3) == pytest.approx(density, rel=6e-5)


@pytest.mark.parametrize(("height_km", "temperature", "pressure", "density"), LAYER_BASES)
def test_it_has_the_printed_values_at_the_layer_bases(height_km, temperature, pressure, density):
    height = height_km * 1e3
    altitude = 6356766.0 * height / (6356766.0 - height)
    assert float(geopotential_altitude(altitude)) == pytest.approx(height, abs=1e-6)
    air = us76(altitude)
    assert float(air.temperature_k) == pytest.approx(temperature, abs=6e-4)
    assert float(air.pressure_pa) == pytest.approx(pressure, rel=6e-5)
    assert float(air.density_kg_m3) == pytest.approx(density, rel=6e-5)


@pytest.mark.parametrize(("altitude_km", "temperature", "pressure", "density", "tolerance"), ABOVE_86_KM)
def test_it_has_the_printed_values_above_86_km(altitude_km, temperature, pressure, density, tolerance):
    air = us76(altitude_km * 1e3)
    assert float(air.temperature_k) == pytest.approx(temperature, abs=6e-3)
    assert float(air.pressure_pa) == pytest.approx(pressure, rel=tolerance)
    assert float(air.density_kg_m3) == pytest.approx(density, rel=tolerance)


@pytest.mark.parametrize(
    ("altitude_km", "speed"), [(0, 340.29), (5, 320.55), (15, 295.07), (40, 317.19), (60, 315.07), (75, 289.40)]
)
def test_it_has_the_printed_speed_of_sound(altitude_km, speed):
    assert float(us76(altitude_km * 1e3).speed_of_sound_m_s) == pytest.approx(speed, abs=6e-3)


def test_the_two_parts_meet_at_86_km():
    air = us76(np.array([86e3 - 1e-3, 86e3]))
    for values in (air.density_kg_m3, air.pressure_pa, air.temperature_k):
        assert values[1] == pytest.approx(values[0], rel=2e-5)
