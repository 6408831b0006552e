"""Elevation tiles, slopes, the plane through the airfields, and flights that end on the ground of a tile."""

from __future__ import annotations

import gzip
import math
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import steppe
from steppe.config.dispersions import Dispersions
from steppe.config.loader import load_zone
from steppe.config.reproducible import write_reproducible
from steppe.ensemble.cases import nominal_return, tables_of
from steppe.ensemble.flown import fly_cases
from steppe.ensemble.grounds import on_the_ground
from steppe.ensemble.run import outputs_of
from steppe.ensemble.sampling import draw
from steppe.environment.terrain import AIRFIELDS, Terrain, Tile, metres_per_degree, plane, plane_ground
from steppe.environment.terrain_files import read_geotiff, read_hgt
from steppe.environment.terrain_files import read_terrain as read
from steppe.environment.terrain_grid import bundled_tile, grid_ground
from steppe.errors import ConfigError, EnvironmentDataError
from steppe.flight.ground import grounded

ZONE = (47.367, 69.6)
MISSION = """
name = "ground"
vehicle = "soyuz-ms"
zone = "zhezkazgan-se"
[start]
phase = "canopy"
[start.surface]
utc = 2022-09-29T10:42:53Z
altitude_m = "10.75 km"
latitude_deg = 47.37
longitude_deg = 69.50
speed_m_s = 220
flight_path_angle_deg = -70
"""


def hgt(path, height, side=1201):
    """Write a tile whose heights are a function of latitude and longitude."""
    steps = np.arange(side) / (side - 1)
    latitude, longitude = 48.0 - steps[:, None], 69.0 + steps[None, :]
    values = np.broadcast_to(height(latitude, longitude), (side, side))
    path.write_bytes(np.round(values).astype(">i2").tobytes())
    return path


def geotiff(path, heights, north, west, step, *, keys=None, point=False, tags=(), colours="minisblack"):
    import tifffile

    directory = keys or (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 2 if point else 1, 2048, 0, 1, 4326)
    extra = [
        (33550, "d", 3, (step, step, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, west, north, 0.0), True),
        (34735, "H", len(directory), directory, True),
        *tags,
    ]
    tifffile.imwrite(path, np.asarray(heights), photometric=colours, extratags=extra)
    return path


def slope(latitude, longitude):
    """A plane that rises by 4 m per 1000 m towards the north and 2 m towards the west, at 47.367 N."""
    per_latitude, per_longitude = metres_per_degree(ZONE[0])
    return 400.0 + 0.004 * per_latitude * (latitude - ZONE[0]) - 0.002 * per_longitude * (longitude - ZONE[1])


@pytest.mark.parametrize("side", [1201, 3601])
def test_a_tile_gives_height_and_slope(tmp_path, side):
    terrain = read([hgt(tmp_path / "N47E069.hgt", slope, side)])
    ground = terrain.ground_at(*ZONE, baseline_m=10e3)
    assert ground is not None and ground.slope_deg is not None
    # Heights are whole metres: half a metre of the height, and a metre in 10 km of slope
    assert ground.height_m == pytest.approx(400.0, abs=0.6)
    assert math.tan(math.radians(ground.slope_deg)) == pytest.approx(math.hypot(0.004, 0.002), abs=0.00015)
    assert ground.source == "N47E069.hgt"
    # Rows run from north to south, columns from west to east
    north, west = terrain.ground_at(47.9, 69.6), terrain.ground_at(47.4, 69.1)
    assert north is not None and north.height_m == pytest.approx(slope(47.9, 69.6), abs=0.6)
    assert west is not None and west.height_m == pytest.approx(slope(47.4, 69.1), abs=0.6)
    assert terrain.ground_at(46.9, 69.5) is None
    assert terrain.ground_at(47.5, 70.1) is None


def test_voids_are_not_heights(tmp_path):
    path = hgt(
        tmp_path / "N47E069.hgt", lambda latitude, longitude: np.where((latitude > 47.5) | (longitude < 0), -32768, 300)
    )
    terrain = read([path])
    assert terrain.ground_at(47.6, 69.5) is None
    edge = terrain.ground_at(47.4995, 69.5, baseline_m=1000.0)
    assert edge is not None and edge.height_m == 300.0
    assert edge.slope_deg is None
    with pytest.raises(ConfigError, match="no heights, only voids"):
        read_hgt(hgt(tmp_path / "S01W001.hgt", lambda latitude, longitude: np.float64(-32768)))


def test_a_wrong_tile_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="south-west corner, for example N47E069"):
        read_hgt(hgt(tmp_path / "tile.hgt", slope))
    (tmp_path / "N47E069.hgt").write_bytes(b"\0" * 1000)
    with pytest.raises(ConfigError, match=r"expected 25934402 bytes .* got 1000"):
        read_hgt(tmp_path / "N47E069.hgt")
    with pytest.raises(ConfigError, match="cannot read the elevation tile"):
        read_hgt(tmp_path / "N47E070.hgt")
    swapped = np.full((1201, 1201), 385, dtype="<i2").tobytes()
    (tmp_path / "N47E069.hgt").write_bytes(swapped)
    with pytest.raises(ConfigError, match="byte order wrong"):
        read_hgt(tmp_path / "N47E069.hgt")


def test_tiles_join(tmp_path):
    hgt(tmp_path / "N47E069.hgt", lambda latitude, longitude: np.float64(300))
    hgt(tmp_path / "N47E070.hgt", lambda latitude, longitude: np.float64(310))
    terrain = read([tmp_path / "N47E069.hgt", tmp_path / "N47E070.hgt"])
    heights = [terrain.ground_at(47.5, longitude) for longitude in (69.9, 70.1)]
    assert [one.height_m for one in heights if one] == [300.0, 310.0]
    # The slope at the border takes both sides: 10 m in 2 km
    border = terrain.ground_at(47.5, 70.0, baseline_m=2000.0)
    assert border is not None and border.slope_deg == pytest.approx(math.degrees(math.atan(0.005)), rel=1e-6)


def test_a_geotiff_is_read_by_area_and_by_point(tmp_path):
    heights = np.arange(100.0 * 100).reshape(100, 100).astype(np.float32) / 10.0
    for point in (False, True):
        path = geotiff(tmp_path / f"{point}.tif", heights, 48.0, 69.0, 0.01, point=point)
        half = 0.0 if point else 0.005
        tile = read_geotiff(path)
        assert (tile.north_deg, tile.west_deg) == pytest.approx((48.0 - half, 69.0 + half))
        assert tile.height_at(48.0 - half - 0.02, 69.0 + half + 0.03) == pytest.approx(heights[2, 3], abs=1e-3)
    no_data = geotiff(tmp_path / "n.tif", np.where(heights < 100, -9999, heights).astype(np.float32), 48.0, 69.0, 0.01,
                      tags=[(42113, "s", 0, "-9999", True)])  # fmt: skip
    assert math.isnan(read_geotiff(no_data).height_at(47.99, 69.01))


def test_a_geotiff_on_another_grid_is_refused(tmp_path):
    heights = np.full((10, 10), 300, dtype=np.int16)
    utm = (1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32642)
    pulkovo = (1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4284)
    for keys, words in ((utm, "model type 1"), (pulkovo, "EPSG 4284")):
        with pytest.raises(ConfigError, match=rf"expected geographic .* in WGS-84 \(EPSG 4326\), got .*{words}"):
            read_geotiff(geotiff(tmp_path / "t.tif", heights, 48.0, 69.0, 0.01, keys=keys))
    import tifffile

    tifffile.imwrite(tmp_path / "plain.tif", heights)
    with pytest.raises(ConfigError, match="no GeoTIFF keys"):
        read_geotiff(tmp_path / "plain.tif")
    with pytest.raises(ConfigError, match="one band"):
        read_geotiff(geotiff(tmp_path / "b.tif", np.zeros((10, 10, 3), np.uint8), 48.0, 69.0, 0.01, colours="rgb"))
    (tmp_path / "x.tif").write_bytes(b"hello")
    with pytest.raises(ConfigError, match="cannot read the elevation file"):
        read_geotiff(tmp_path / "x.tif")
    feet = np.full((10, 10), 12000, dtype=np.int16)
    with pytest.raises(ConfigError, match="are they in feet"):
        read_geotiff(geotiff(tmp_path / "f.tif", feet, 48.0, 69.0, 0.01))


@given(st.floats(47.01, 47.99), st.floats(69.01, 69.99), st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
@settings(max_examples=30)
def test_bilinear_heights_are_exact_on_a_plane(latitude, longitude, north, east):
    steps = np.linspace(0.0, 1.0, 101)
    values = 500.0 + 111e3 * north * (48.0 - steps[:, None] - 47.5) + 75e3 * east * (69.0 + steps[None, :] - 69.5)
    terrain = Terrain((Tile(values.astype(np.float32), 48.0, 69.0, 0.01, 0.01, "t"),))
    ground = terrain.ground_at(latitude, longitude, baseline_m=500.0)
    assert ground is not None and ground.slope_deg is not None
    expected = 500.0 + 111e3 * north * (latitude - 47.5) + 75e3 * east * (longitude - 69.5)
    assert ground.height_m == pytest.approx(expected, abs=1e-3)
    per_latitude, per_longitude = metres_per_degree(latitude)
    steepest = math.hypot(111e3 * north / per_latitude, 75e3 * east / per_longitude)
    assert math.tan(math.radians(ground.slope_deg)) == pytest.approx(steepest, abs=2e-5)


def test_a_degree_has_its_length():
    # WGS-84, NGA degree length: 111.132 km and 78.847 km at 45 N
    assert metres_per_degree(45.0) == pytest.approx((111131.7, 78846.8), abs=1.0)


def test_the_plane_says_how_wrong_it_is():
    fitted, error = plane()
    residual = [height - plane_ground(latitude, longitude).height_m for _, latitude, longitude, height in AIRFIELDS]
    assert sum(residual) == pytest.approx(0.0, abs=1e-6)
    assert error == pytest.approx(math.sqrt(sum(one * one for one in residual) / 4))
    assert 100.0 < error < 130.0
    assert f"+-{error:.0f} m" in plane_ground(*ZONE).source
    # Higher towards Karaganda, lower towards the Aral Sea
    assert fitted[2] > 0.0
    with pytest.raises(EnvironmentDataError, match="the plane of heights covers"):
        plane_ground(30.0, 69.0)


def fly(folder, terrain):
    (folder / "m.toml").write_text(MISSION + terrain)
    return steppe.fly(steppe.load_mission(folder / "m.toml"))


def test_a_flight_ends_at_the_height_of_the_ground_under_it(tmp_path):
    hgt(tmp_path / "N47E069.hgt", lambda latitude, longitude: 500.0 + 300.0 * (longitude - 69.5) + 0.0 * latitude)
    flight = fly(tmp_path, '[terrain]\nfile = "N47E069.hgt"\nbaseline_m = 1000\n')
    assert flight.touchdown is not None
    height_m = float(flight.track.columns["altitude_m"][-1])
    there = 500.0 + 300.0 * (flight.touchdown.longitude_deg - 69.5)
    # Whole metres in the tile, and one round: 1 m
    assert height_m == pytest.approx(there, abs=1.0)
    assert float(flight.provenance["ground_height_m"]) == pytest.approx(there, abs=0.6)
    assert float(flight.provenance["ground_slope_deg"]) == pytest.approx(0.228, abs=0.06)
    assert flight.provenance["terrain"] == "N47E069.hgt"
    assert any("The ground at the touchdown is" in note for note in flight.notes)
    # A campaign starts from the same ground
    nominal = nominal_return(steppe.load_mission(tmp_path / "m.toml"))
    assert nominal.ground_m == pytest.approx(height_m, abs=1.0)
    # The engines fire above this ground and not above that of the zone
    plain = fly(tmp_path, '[terrain]\nelsewhere = "zone"\n')
    assert "terrain" not in plain.provenance
    assert plain.touchdown is not None
    assert plain.touchdown.speed_m_s == pytest.approx(flight.touchdown.speed_m_s, abs=0.2)
    assert (plain.touchdown.utc - flight.touchdown.utc).total_seconds() == pytest.approx(
        (height_m - 343.0) / 7.4, abs=1.5
    )


def test_a_flight_on_a_tile_can_be_repeated_from_its_folder(tmp_path):
    hgt(tmp_path / "N47E069.hgt", slope)
    (tmp_path / "m.toml").write_text(MISSION + '[terrain]\nfiles = ["N47E069.hgt"]\n')
    loaded = steppe.load_mission(tmp_path / "m.toml")
    write_reproducible(loaded, tmp_path / "copy")
    again = steppe.load_mission(tmp_path / "copy" / "mission.toml")
    assert again.mission.terrain.files == ("terrain-0-N47E069.hgt",)
    assert again.config_hash == loaded.config_hash
    assert steppe.fly(again).touchdown == steppe.fly(loaded).touchdown


def test_packed_tiles_are_read_as_the_services_give_them(tmp_path):
    """N47E069.SRTMGL1.hgt.zip of NASA Earthdata, N47E069.hgt.gz of the terrain tiles on AWS."""
    plain = hgt(tmp_path / "N47E069.hgt", slope)
    with zipfile.ZipFile(tmp_path / "N47E069.SRTMGL3.hgt.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "N47E069.hgt")
    (tmp_path / "N47E069.hgt.gz").write_bytes(gzip.compress(plain.read_bytes()))
    tiles = read([plain, tmp_path / "N47E069.SRTMGL3.hgt.zip", tmp_path / "N47E069.hgt.gz"]).tiles
    assert all(np.array_equal(tile.height_m, tiles[0].height_m) for tile in tiles)
    (tmp_path / "N47E069.hgt.gz").write_bytes(gzip.compress(plain.read_bytes())[:100])
    with pytest.raises(ConfigError, match="cannot read the elevation tile"):
        read([tmp_path / "N47E069.hgt.gz"])
    with zipfile.ZipFile(tmp_path / "N47E069.hgt.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(ConfigError, match=r"expected one \.hgt file in the archive, found readme\.txt"):
        read([tmp_path / "N47E069.hgt.zip"])
    with pytest.raises(ConfigError, match=r"whose name ends in \.hgt .* got 'N47E069\.asc'"):
        read([tmp_path / "N47E069.asc"])


def test_a_damaged_geotiff_says_so_once(tmp_path, capfd):
    path = geotiff(tmp_path / "a.tif", np.full((40, 40), 350.0, dtype="float32"), 48.5, 68.5, 0.05)
    whole = path.read_bytes()
    for content in (whole[:300], whole[:8] + bytes(200), b"II*\0" + bytes(4), b"hello"):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"a\.tif: "):
            read_geotiff(path)
    assert capfd.readouterr().err == ""


def test_where_no_tile_is(tmp_path):
    hgt(tmp_path / "N46E069.hgt", slope)
    with pytest.raises(EnvironmentDataError, match=r"cover N46E069.hgt 46.0000 to 47.0000 N, 69.0000 to 70.0000 E"):
        fly(tmp_path, '[terrain]\nfile = "N46E069.hgt"\n')
    flight = fly(tmp_path, '[terrain]\nelsewhere = "plane"\n')
    assert float(flight.provenance["ground_height_m"]) == pytest.approx(362.8, abs=0.5)
    assert "plane through seven airfields" in flight.provenance["terrain"]
    with pytest.raises(ConfigError, match=r"either terrain\.file or terrain\.files"):
        fly(tmp_path, '[terrain]\nfile = "a.hgt"\nfiles = ["b.hgt"]\n')


def test_the_bundled_grid_agrees_with_airfields_and_zones():
    # Published airfield elevations against means over 15': relief of the land of some 20 m, not an error of the map
    errors = []
    for _, latitude, longitude, height in AIRFIELDS:
        ground = grid_ground(latitude, longitude)
        assert ground is not None and ground.slope_deg is None
        errors.append(ground.height_m - height)
    assert math.sqrt(np.mean(np.square(errors))) < 25.0
    assert abs(np.mean(errors)) < 12.0
    for name in steppe.zone_names():
        zone = load_zone(name)
        ground = grid_ground(zone.latitude_deg, zone.longitude_deg)
        assert ground is not None and ground.height_m == pytest.approx(zone.ground_height_m, abs=0.6), name
    # TMA-1 and TMA-11 came down in the low west; the Aral side is lower than Karaganda
    assert grid_ground(49.63, 61.33).height_m == pytest.approx(217.0, abs=15.0)
    assert grid_ground(41.9, 69.0) is None and grid_ground(48.0, 78.1) is None
    assert "42.0417 to 56.9583 N, 54.0417 to 77.9583 E" in bundled_tile().extent


def test_a_flight_ends_on_the_bundled_grid(tmp_path):
    flight = fly(tmp_path, "")
    assert flight.provenance["terrain"] == "bundled grid of 5'"
    assert flight.touchdown is not None
    expected = grid_ground(flight.touchdown.latitude_deg, flight.touchdown.longitude_deg)
    assert float(flight.track.columns["altitude_m"][-1]) == pytest.approx(expected.height_m, abs=1.0)
    on_zone = fly(tmp_path, '[terrain]\nelsewhere = "zone"\n')
    assert float(on_zone.track.columns["altitude_m"][-1]) == pytest.approx(343.0, abs=0.1)


def test_the_height_that_a_zone_gives_holds_within_it(tmp_path):
    zone = '[zone]\nname = "mine"\nlatitude_deg = 47.367\nlongitude_deg = 69.6\nradius_m = "28 km"\n'
    text = MISSION.replace('zone = "zhezkazgan-se"\n', "")

    def ends_at(more):
        (tmp_path / "m.toml").write_text(text + zone + more)
        flight = steppe.fly(steppe.load_mission(tmp_path / "m.toml"))
        assert flight.touchdown is not None
        return float(flight.track.columns["altitude_m"][-1])

    bare = ends_at("")
    assert bare == pytest.approx(grounded(load_zone("zhezkazgan-se")).ground_height_m, abs=25.0)
    # 100 m above what the grid has at the centre: so is the ground about it, but not 300 km away
    centre = grid_ground(47.367, 69.6)
    assert ends_at(f"ground_height_m = {centre.height_m + 100.0}\n") == pytest.approx(bare + 100.0, abs=1.0)
    far = zone.replace("47.367", "50.0").replace("69.6", "68.0") + "ground_height_m = 900\n"
    (tmp_path / "m.toml").write_text(text + far)
    flight = steppe.fly(steppe.load_mission(tmp_path / "m.toml"))
    assert float(flight.track.columns["altitude_m"][-1]) == pytest.approx(bare, abs=2.0)
    # A zone beyond the grid keeps what it gives, or sea level
    away = load_zone("zhezkazgan-se").model_copy(update={"latitude_deg": 10.0})
    assert grounded(away) is away
    assert grounded(away.model_copy(update={"ground_height_m": None})).ground_m == 0.0
    # A folder repeats the flight: a height that was not given is not written as one
    (tmp_path / "m.toml").write_text(text + zone)
    loaded = steppe.load_mission(tmp_path / "m.toml")
    write_reproducible(loaded, tmp_path / "copy")
    assert steppe.fly(steppe.load_mission(tmp_path / "copy" / "mission.toml")).touchdown == steppe.fly(loaded).touchdown


def test_each_sample_of_a_campaign_lands_on_the_slope_under_it(tmp_path):
    """The tile is flat to the west of the undispersed landing and rises by 3 deg to the east of it."""
    landing = fly(tmp_path, "").touchdown
    assert landing is not None
    middle_deg = landing.longitude_deg
    metres = metres_per_degree(47.4)[1]
    fall = math.tan(math.radians(3.0)) * metres
    hgt(
        tmp_path / "N47E069.hgt",
        lambda latitude, longitude: 381.0 + fall * np.clip(longitude - middle_deg, 0.0, 0.4) + 0 * latitude,
    )
    (tmp_path / "m.toml").write_text(MISSION + '[terrain]\nfile = "N47E069.hgt"\n')
    nominal = nominal_return(steppe.load_mission(tmp_path / "m.toml"))
    relief = nominal.relief
    assert relief is not None and relief.slope_deg.shape == (121, 121)
    slopes = relief.slope_at(np.array([47.4, 47.4, 30.0, np.nan]), np.array([69.4, 69.7, 69.4, np.nan]))
    # Whole metres over a base line of 200 m: 0.3 deg
    assert slopes == pytest.approx([0.0, 3.0, 0.0, 0.0], abs=0.3)
    wind = {"altitude_m": [0.0, 20e3], "sigma_m_s": [6.0, 6.0], "correlation_length_m": 1e4, "source": "test"}
    samples = draw(Dispersions.model_validate({"wind": wind}), 1, np.arange(24))
    flown = fly_cases(nominal, tables_of(nominal, samples))
    outputs = outputs_of(nominal, flown)
    steep = relief.slope_at(outputs["touchdown_latitude_deg"], outputs["touchdown_longitude_deg"]) > 1.5
    assert 3 < steep.sum() < 21
    sloping = on_the_ground(nominal, samples, flown, outputs)
    level = on_the_ground(replace(nominal, relief=None), samples, flown, outputs)
    changed = ~np.isclose(sloping["landing_dragged_m"], level["landing_dragged_m"], equal_nan=True)
    assert changed[steep].any()
    flat = relief.slope_at(outputs["touchdown_latitude_deg"], outputs["touchdown_longitude_deg"]) == 0.0
    assert flat.any() and not changed[flat].any()
