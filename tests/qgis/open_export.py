"""Opens an exported file in QGIS without a screen, says how it is drawn, and draws it on a light and on a dark ground.

usage: /usr/bin/python3 open_export.py FILE LAYER PICTURE.png [W,S,E,N]

FILE is a GeoPackage with the style within, or another file with a `.qml` beside it. Debian's `python3-qgis` is all that is
needed; the Python of a virtual environment doesn't see it. Prints a line of JSON.
"""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor, QImage, QPainter  # noqa: E402

WIDTH, HEIGHT = 900, 700
GROUNDS = ("#f4f4f0", "#20242c")


def main(file: str, name: str, picture: str, window: str = "") -> None:
    application = QgsApplication([], False)
    application.initQgis()
    source = f"{file}|layername={name}" if file.endswith(".gpkg") else file
    if file.endswith(".zip"):
        source = f"/vsizip/{file}"
    layer = QgsVectorLayer(source, name, "ogr")
    assert layer.isValid(), layer.error().message()
    QgsProject.instance().addMapLayer(layer)
    renderer = layer.renderer()
    told = {
        "rows": layer.featureCount(),
        "renderer": renderer.type(),
        "column": renderer.classAttribute() if renderer.type() == "categorizedSymbol" else None,
        "legend": [item.label() for item in renderer.legendSymbolItems()],
        "fields": [field.name() for field in layer.fields()],
        "crs": layer.crs().authid(),
    }
    image = QImage(QSize(2 * WIDTH, HEIGHT), QImage.Format_RGB32)
    painter = QPainter(image)
    for at, ground in enumerate(GROUNDS):
        part = draw(layer, ground, window)
        painter.drawImage(at * WIDTH, 0, part)
        told["colours"] = colours(part, ground)
    painter.end()
    image.save(picture)
    print(json.dumps(told))
    # Its own end would free what Python still holds.
    sys.stdout.flush()
    os._exit(0)


def draw(layer: QgsVectorLayer, ground: str, window: str) -> QImage:
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setOutputSize(QSize(WIDTH, HEIGHT))
    settings.setBackgroundColor(QColor(ground))
    sides = [float(side) for side in window.split(",")] if window else None
    extent = QgsRectangle(*sides) if sides else QgsRectangle(layer.extent())
    extent.scale(1.05)
    settings.setExtent(extent)
    image = QImage(settings.outputSize(), QImage.Format_RGB32)
    image.fill(QColor(ground))
    painter = QPainter(image)
    job = QgsMapRendererCustomPainterJob(settings, painter)
    job.start()
    job.waitForFinished()
    painter.end()
    return image


def colours(image: QImage, ground: str) -> int:
    """How many pixels are drawn on."""
    plain = QColor(ground).rgb()
    points = ((x, y) for x in range(0, WIDTH, 3) for y in range(0, HEIGHT, 3))
    return sum(image.pixel(x, y) != plain for x, y in points)


if __name__ == "__main__":
    main(*sys.argv[1:])
