"""Made-up facilities: where they may stand, and a layer of them with planted defects whose number is known."""

import csv
import math
import random
import re
import tomllib
from collections import Counter
from datetime import date, timedelta

import shapely
from shapely.geometry import Point

from formats import HERE

SEED = 20260101
SCHEMAS = HERE.parent / "schemas"
STATES = list(csv.DictReader((SCHEMAS / "reference/states.csv").read_text(encoding="utf-8").splitlines()))
USPS = {s["state_fips"]: s["state_code"] for s in STATES}
NAMES = {s["state_fips"]: s["name"] for s in STATES}


class Country:
    """Where made-up facilities may stand: points well inside one county."""

    def __init__(self, sets):
        self.counties = [c for c in sets["counties"] if c["_shape"].is_valid]
        self.names = {c["GEOID"]: c["NAME"] for c in sets["counties"]}
        self.tree = shapely.STRtree([c["_shape"] for c in sets["counties"]])
        self.by_state = {}
        for county in self.counties:
            self.by_state.setdefault(county["GEOID"][:2], []).append(county)

    def holds(self, point):
        return len(self.tree.query(point, predicate="intersects")) == 1

    def place(self, rng, n):
        """County and point of the n-th facility; the first 56 stand in 56 states and territories."""
        states = sorted(self.by_state)
        while True:
            county = rng.choice(self.by_state[states[n]] if n < len(states) else self.counties)
            part = max(county["_shape"].geoms, key=lambda p: p.area)
            x0, y0, x1, y1 = part.bounds
            for _ in range(50):
                point = Point(round(rng.uniform(x0, x1), 6), round(rng.uniform(y0, y1), 6))
                if part.contains(point) and part.boundary.distance(point) > 0.002 and self.holds(point):
                    return county, point

    def offshore(self, rng, geoid):
        """A point of the sea 2 to 8 km off one county, which is the nearest."""
        shape = next(c["_shape"] for c in self.counties if c["GEOID"] == geoid)
        x0, y0, x1, y1 = shape.bounds
        while True:
            point = Point(round(rng.uniform(x0 - 0.1, x1 + 0.1), 6), round(rng.uniform(y0 - 0.1, y1 + 0.1), 6))
            squeeze = math.cos(math.radians(point.y))
            near = {
                self.tree.geometries[i]: flat_km(self.tree.geometries[i], point, squeeze)
                for i in self.tree.query(point.buffer(0.3))
            }
            if near and 2 < min(near.values()) < 8 and min(near, key=near.get).equals(shape):
                return point


def flat_km(shape, point, squeeze):
    """Distance on a plane squeezed to the point's latitude: good to a few per mille over 10 km."""

    def flat(xy):
        return xy * [111.2 * squeeze, 111.2]

    return shapely.transform(shapely.clip_by_rect(shape.buffer(0), *point.buffer(1).bounds), flat).distance(
        shapely.transform(point, flat)
    )


def schema(name):
    """A schema with the fields of the blocks that it includes; its own fields replace the keys they write."""
    own = tomllib.loads((SCHEMAS / f"{name}.toml").read_text(encoding="utf-8"))
    fields = {}
    for block in own.get("include", []):
        included = tomllib.loads((SCHEMAS / f"include/{block}.toml").read_text(encoding="utf-8"))
        fields.update({field["name"]: field for field in included["field"]})
    for omitted in own.get("omit", []):
        del fields[omitted]
    for field in own.get("field", []):
        fields[field["name"]] = {**fields.get(field["name"], {}), **field}
    return {**own, "field": list(fields.values())}


class Layer:
    """Rows of a made-up layer and what the program must say of them."""

    def __init__(self, name, country, row, count):
        self.name, self.country, self.row = name, country, row
        self.rng = random.Random(f"{SEED}:{name}")
        self.schema = schema(name)
        self.good = []
        self.rejects = []
        self.unparsed = Counter()
        self.extra = {}
        for n in range(count):
            self.good.append(self.make(n, plain=False))

    def make(self, n, plain):
        county, point = self.country.place(self.rng, n)
        row = self.row(self.rng, n + 1, county, point, plain)
        return {"_county": county["GEOID"], "_shape": point, **row}

    def reject(self, reason, changes):
        """Adds rows with one defect each: `changes` replace values (or are called with the row)."""
        for change in changes:
            row = self.make(len(self.good) + len(self.rejects), plain=True)
            row.update(change(row) if callable(change) else change)
            self.rejects.append({**row, "_reason": reason})

    def spoil(self, field, values, canonical=None):
        """Writes values into good rows that have none planted yet; `canonical` counts them as unparsable."""
        for value, row in zip(values, self.rng.sample([r for r in self.good if "_spoilt" not in r], len(values))):
            row.update({field: value(row) if callable(value) else value, "_spoilt": True})
        if canonical:
            self.unparsed[canonical] += len(values)

    def move(self, points, **changes):
        """Puts good rows elsewhere, outside every county, with no claim."""
        rows = self.rng.sample([r for r in self.good[56:] if "_spoilt" not in r], len(points))
        for point, row in zip(points, rows):
            row.update({"_shape": point, "_county": None, "_spoilt": True, **changes})

    def rows(self, duplicates):
        """All rows in file order; each duplicate repeats the key of a row somewhere above it."""
        rows = self.good + self.rejects
        self.rng.shuffle(rows)
        keys = [self.source(k) for k in self.schema["key"] + self.schema.get("key-repeated", [])]
        for _ in range(duplicates):
            row = self.make(len(rows), plain=True)
            first = self.rng.choice([i for i, r in enumerate(rows) if "_reason" not in r])
            row.update({k: rows[first][k] for k in keys}, _reason="duplicate_key")
            self.rejects.append(row)
            rows.insert(self.rng.randrange(first + 1, len(rows) + 1), row)
        for n, row in enumerate(rows):
            for counter in ("FID", "OBJECTID"):
                if counter in row and counter not in keys:
                    row[counter] = n + 1
        return rows

    def source(self, canonical):
        names = next((f["from"] for f in self.schema["field"] if f["name"] == canonical), [])
        return next((n for n in names if n in self.good[0]), None)

    def expected(self, malformed=0):
        rejects = Counter(r["_reason"] for r in self.rejects) + Counter(malformed_record=malformed)
        out = {
            "rows": len(self.good) + rejects.total(),
            "written": len(self.good),
            "rejects": dict(sorted(rejects.items())),
        }
        if self.schema["geometry"] == "point":
            out["rows_by_state"] = dict(
                sorted(Counter(USPS[r["_county"][:2]] if r["_county"] else "unassigned" for r in self.good).items())
            )
            code, name = self.source("county_fips_claimed"), self.source("county_name_claimed")
            claims = [
                (r["_county"], padded(r[code], 5) if code else None, r[name] if name else None) for r in self.good
            ]
            out["county_claimed"] = sum(c is not None for _, c, _ in claims)
            out["county_mismatch"] = sum(self.is_elsewhere(*claim) for claim in claims)
        return {**out, **self.extra, "fields": self.fields()}

    def is_elsewhere(self, county, code, name):
        """Whether a row claims another county than its own, by code or by name."""
        is_other = county and name and name.casefold() != self.country.names[county].casefold()
        return (code is not None and code != county) or bool(is_other)

    def fields(self):
        """Sentinels, codes without a meaning and values that don't parse, per field of the schema but the key."""
        out = {}
        for field in self.schema["field"]:
            name = self.source(field["name"])
            if name is None or field["name"] in self.schema["key"]:
                continue
            null = field.get("null", [])
            assert not any(text(r[name]) in null for r in self.rejects), (self.name, name)
            values = [text(r[name]) for r in self.good]
            values = [v for v in values if v]
            counts = {"sentinel": sum(v in null for v in values), "unparsed": self.unparsed[field["name"]]}
            if "codes" in field:
                several = "+" if field.get("concatenated") else ""
                codes = re.compile(f"({'|'.join(map(re.escape, field['codes']))}){several}")
                counts["unknown_code"] = sum(v not in null and not codes.fullmatch(v) for v in values)
            if any(counts.values()):
                out[field["name"]] = {k: v for k, v in counts.items() if v}
        return out


def text(value):
    """A value as the program reads it; empty text is null."""
    return (
        ""
        if value is None
        else str(int(value))
        if isinstance(value, float) and value.is_integer()
        else str(value).strip()
    )


def padded(value, width):
    return None if value in (None, "", "NOT AVAILABLE") else str(value).zfill(width)


def mercator(row):
    """EPSG:3857 of a row's point."""
    p = row["_shape"]
    radius = 6378137.0
    return Point(math.radians(p.x) * radius, math.log(math.tan(math.pi / 4 + math.radians(p.y) / 2)) * radius)


def some_date(rng):
    return date(2009, 1, 1) + timedelta(days=rng.randrange(4000))


def pick(rng, plain, share, sentinel, value):
    """`value`, or in a share of the rows that aren't plain the sentinel."""
    return sentinel if rng.random() < share and not plain else value


def lost_zeros(rng, code):
    """A code as a spreadsheet leaves it: half of those with leading zeros lose them."""
    return code.lstrip("0") if rng.random() < 0.5 else code


def other_county(country, rng):
    """A claim of another county of the same state."""

    def claim(row):
        others = [c["GEOID"] for c in country.by_state[row["_county"][:2]] if c["GEOID"] != row["_county"]]
        return rng.choice(others or ["48021"])

    return claim


def swapped(row):
    """Longitude and latitude exchanged, far enough west for the exchange to show."""
    return {"_shape": Point(row["_shape"].y, min(row["_shape"].x, -98.5))}
