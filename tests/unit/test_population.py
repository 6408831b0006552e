"""Who lives where: the bundled grid against the sums it was built for, and rasters read from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steppe.errors import EnvironmentDataError
from steppe.ground.population import (
    Grid,
    Population,
    bundled_population,
    cell_area_km2,
    read_population,
)

HEADER = "ncols 4\nnrows 3\nxllcorner 60\nyllcorner 40\ncellsize 0.5\nNODATA_value -9999\n"
ROWS = "1 2 3 4\n5 6 7 8\n9 -9999 11 12\n"


def asc(folder: Path, text: str, name: str = "density.asc") -> Path:
    path = folder / name
    path.write_text(text, encoding="ascii")
    return path


def tiff(folder: Path, values: np.ndarray, name: str = "density.tif", **changed: object) -> Path:
    """Write a north-up GeoTIFF in degrees with the tags of OGC 19-008r4."""
    tifffile = pytest.importorskip("tifffile")
    tags = {
        33550: ("d", 3, (0.5, 0.5, 0.0)),
        33922: ("d", 6, (0.0, 0.0, 0.0, 60.0, 41.5, 0.0)),
        34735: ("H", 12, (1, 1, 0, 2, 1024, 0, 1, 2, 1025, 0, 1, 1)),
        42113: ("s", 6, "-9999"),
    }
    tags.update({int(code): value for code, value in changed.items()})
    path = folder / name
    tifffile.imwrite(path, values, extratags=[(code, *value, True) for code, value in tags.items() if value])
    return path


# GeoNames' own totals are the reference: the grid must give back what its rule put in, up to the rounding of its levels
# (7 % a cell, random) and the cells on borders, which belong to one country
@pytest.mark.parametrize("code", ["KZ", "UZ", "TM", "KG", "TJ", "MN", "AF", "IR", "IQ", "AU", "IN", "FR"])
def test_the_people_of_a_country_are_those_of_geonames(code: str) -> None:
    population = bundled_population()
    world = population.grids[-1]
    with np.load(Path(__file__).parents[2] / "src/steppe/data/population.npz") as data:
        expected = float(data["country_people"][population.countries.index(code)])
    own = world.country == population.countries.index(code)
    assert world.people()[own].sum() == pytest.approx(expected, rel=0.05)


def test_the_whole_band_holds_mankind_without_the_far_north() -> None:
    # GeoNames' countries sum to 7.62 billion; a few million live beyond 60 N
    assert bundled_population().grids[-1].people().sum() == pytest.approx(7.6e9, rel=0.01)


def test_zhezkazgan_is_a_town_of_a_hundred_thousand() -> None:
    # GeoNames 1516589: 104 357 people, and Satpayev (69 782) 17 km from it
    near = bundled_population().people_near(47.79411, 67.70628, 25.0)
    # both towns, and the rural people whom the rule puts round them
    assert 1.0 < near / (104_357 + 69_782) < 1.25


def test_the_steppe_round_the_landing_site_is_nearly_empty_and_never_quite() -> None:
    population = bundled_population()
    # rural Kazakhstan has 1.9 people per km2 in the mean: 28.5 % of 18.3 million over 2.72 million km2
    east = np.linspace(-1.0, 1.0, 21)
    steppe = population.density_per_km2(47.35 + 0.0 * east, 69.5 + east)
    assert 0.1 < np.median(steppe) < 2.0


def test_mean_rural_density_of_kazakhstan() -> None:
    population = bundled_population()
    region = population.grids[0]
    own = region.country == population.countries.index("KZ")
    rural = own & (region.density_per_km2 < 30.0)
    area = np.broadcast_to(cell_area_km2(region.step_deg, region.latitudes_deg())[:, None], own.shape)
    assert 0.9 < (region.people()[rural].sum() / area[rural].sum()) < 2.5


def test_the_sea_is_empty() -> None:
    assert list(bundled_population().density_per_km2([42.0, 40.0, 0.0], [51.0, -40.0, -150.0])) == [0.0, 0.0, 0.0]


def test_countries_of_places() -> None:
    found = bundled_population().country([47.3, 41.55, 38.0, 40.0], [69.6, 64.0, 59.0, -40.0])
    assert list(found) == ["KZ", "UZ", "TM", ""]


def test_outside_the_band_is_missing_not_empty() -> None:
    assert np.isnan(bundled_population().density_per_km2(75.0, 60.0))


def test_it_says_whose_data_these_are() -> None:
    assert "GeoNames" in bundled_population().source and "CC BY 4.0" in bundled_population().source


@given(st.floats(-59.9, 59.9), st.floats(-720.0, 720.0))
def test_a_turn_of_longitude_changes_nothing(latitude_deg: float, longitude_deg: float) -> None:
    grid = Population((bundled_population().grids[1],), "", "")
    middle = (np.floor(longitude_deg / 0.2) + 0.5) * 0.2
    one, other = grid.density_per_km2([latitude_deg, latitude_deg], [middle, middle + 360.0])
    assert one == other


@given(st.floats(-89.0, 89.0), st.floats(0.01, 1.0))
def test_cells_of_a_parallel_add_up(latitude_deg: float, step_deg: float) -> None:
    low, high = cell_area_km2(step_deg / 2.0, [latitude_deg - step_deg / 4.0, latitude_deg + step_deg / 4.0])
    assert 2.0 * (low + high) == pytest.approx(cell_area_km2(step_deg, latitude_deg), rel=1e-6)


def test_an_ascii_grid_is_read_the_right_way_up(tmp_path: Path) -> None:
    population = read_population(asc(tmp_path, HEADER + ROWS))
    # rows run from north; the missing value is nobody
    assert list(population.density_per_km2([41.4, 40.1, 40.1, 41.4], [60.1, 60.1, 60.6, 61.9])) == [1.0, 9.0, 0.0, 4.0]
    assert np.isnan(population.density_per_km2(42.0, 61.0))


def test_a_header_with_middles_is_half_a_cell_off(tmp_path: Path) -> None:
    text = HEADER.replace("xllcorner 60", "xllcenter 60.25").replace("yllcorner 40", "yllcenter 40.25")
    grid = read_population(asc(tmp_path, text + ROWS)).grids[0]
    assert (grid.west_deg, grid.south_deg) == (60.0, 40.0)


def test_counts_become_densities(tmp_path: Path) -> None:
    population = read_population(asc(tmp_path, HEADER + ROWS, "gpw_v4_population_count_rev11_2020.asc"))
    assert population.grids[0].people().sum() == pytest.approx(68.0, rel=1e-5)


def test_a_geotiff_gives_the_same_as_an_ascii_grid(tmp_path: Path) -> None:
    values = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, -9999, 11, 12]], dtype=np.float32)
    one, other = read_population(tiff(tmp_path, values)), read_population(asc(tmp_path, HEADER + ROWS))
    assert np.array_equal(one.grids[0].density_per_km2, other.grids[0].density_per_km2)
    assert (one.grids[0].west_deg, one.grids[0].south_deg) == (60.0, 40.0)


def test_a_geotiff_of_points_is_half_a_cell_off(tmp_path: Path) -> None:
    keys = ("H", 12, (1, 1, 0, 2, 1024, 0, 1, 2, 1025, 0, 1, 2))
    grid = read_population(tiff(tmp_path, np.ones((3, 4), np.float32), **{"34735": keys})).grids[0]
    assert (grid.west_deg, grid.south_deg) == (59.75, 40.25)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks 'ncols'"),
        ("hello\n", "lacks 'ncols'"),
        (HEADER.replace("xllcorner 60\n", "") + ROWS, "xllcorner"),
        (HEADER + "1 2 3 4\n5 6 7\n9 1 11 12\n", "row 2 of 3 has 3 values"),
        (HEADER + "1 2 3 4\n5 6 7 8\n", "row 3 of 3 has 0 values"),
        (HEADER + ROWS.replace("5", "-5"), "-5 people cannot be"),
        (HEADER + ROWS.replace("5", "abc"), "not an ESRI ASCII grid"),
        (HEADER + "-9999 " * 3 + "-9999\n" + "-9999 -9999 -9999 -9999\n" * 2, "every cell is without data"),
        (HEADER.replace("xllcorner 60", "xllcorner 600000") + ROWS, "western edge"),
        (HEADER.replace("yllcorner 40", "yllcorner 5200000") + ROWS, "no part of the world"),
        (HEADER.replace("cellsize 0.5", "cellsize -0.5") + ROWS, "no part of the world"),
        (HEADER + ROWS.replace("5", "5e9"), "more than anywhere"),
        (HEADER.replace("ncols 4", "ncols 400000").replace("nrows 3", "nrows 20000") + ROWS, "million cells"),
        (HEADER.replace("nrows 3", "nrows 0") + ROWS, "hold nothing"),
    ],
)
def test_a_file_that_is_no_population_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EnvironmentDataError, match=said):
        read_population(asc(tmp_path, text))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentDataError, match="there is no population raster"):
        read_population(tmp_path / "nothing.asc")
    with pytest.raises(EnvironmentDataError, match="expected an ESRI ASCII grid"):
        read_population(asc(tmp_path, ROWS, "people.csv"))
    with pytest.raises(EnvironmentDataError, match="cannot be read as a GeoTIFF"):
        read_population(asc(tmp_path, ROWS, "people.tif"))


def test_a_projected_or_bare_tiff_is_refused(tmp_path: Path) -> None:
    values = np.ones((3, 4), np.float32)
    projected = ("H", 8, (1, 1, 0, 1, 1024, 0, 1, 1))
    with pytest.raises(EnvironmentDataError, match="projected"):
        read_population(tiff(tmp_path, values, **{"34735": projected}))
    with pytest.raises(EnvironmentDataError, match="ModelPixelScale"):
        read_population(tiff(tmp_path, values, **{"33550": None}))
    with pytest.raises(EnvironmentDataError, match="square"):
        read_population(tiff(tmp_path, values, **{"33550": ("d", 3, (0.5, 0.25, 0.0))}))


def test_the_first_grid_answers_where_two_overlap() -> None:
    fine = Grid(60.0, 40.0, 0.5, np.full((2, 2), 7.0, np.float32))
    coarse = Grid(50.0, 30.0, 10.0, np.full((3, 3), 1.0, np.float32))
    both = Population((fine, coarse), "", "")
    assert list(both.density_per_km2([40.5, 45.0], [60.5, 60.5])) == [7.0, 1.0]
