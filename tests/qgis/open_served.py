"""Opens a served layer in QGIS without a screen, by OGC API – Features and as vector tiles, and says what it sees of it.

usage: /usr/bin/python3 open_served.py URL COLLECTION W,S,E,N

Debian's `python3-qgis` is all that is needed; the Python of a virtual environment doesn't see it. Prints a line of JSON.
"""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402

GROUND = "#ffffff"


def main(url: str, collection: str, window: str) -> None:
    application = QgsApplication([], False)
    application.initQgis()
    layer = QgsVectorLayer(f"url='{url}/' typename='{collection}'", collection, "OAPIF")
    assert layer.isValid(), layer.error().message()
    sides = [float(side) for side in window.split(",")]
    request = QgsFeatureRequest().setFilterRect(QgsRectangle(*sides))
    ids = [feature["facility_id"] for feature in layer.getFeatures(request)]
    template = f"type=xyz&url={url}/tiles/{collection}/{{z}}/{{x}}/{{y}}.mvt&zmin=0&zmax=14"
    tiles = QgsVectorTileLayer(template, collection)
    assert tiles.isValid(), tiles.error().message()
    told = {
        "rows": layer.featureCount(),
        "fields": [field.name() for field in layer.fields()],
        "crs": layer.crs().authid(),
        "ids": ids,
        "drawn_pixels": drawn_pixels(tiles, QgsRectangle(*sides)),
    }
    print(json.dumps(told))
    # Its own end would free what Python still holds.
    sys.stdout.flush()
    os._exit(0)


def drawn_pixels(tiles: QgsVectorTileLayer, window: QgsRectangle) -> int:
    """Pixels that aren't the ground's, once the tiles of a window are drawn."""
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    degrees = QgsCoordinateReferenceSystem("OGC:CRS84")
    settings = QgsMapSettings()
    settings.setLayers([tiles])
    settings.setOutputSize(QSize(600, 600))
    settings.setBackgroundColor(QColor(GROUND))
    settings.setDestinationCrs(mercator)
    settings.setExtent(QgsCoordinateTransform(degrees, mercator, QgsProject.instance()).transformBoundingBox(window))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    ground = QColor(GROUND).rgb()
    return sum(image.pixel(x, y) != ground for x in range(image.width()) for y in range(image.height()))


if __name__ == "__main__":
    main(*sys.argv[1:])
