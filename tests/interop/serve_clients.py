"""What pystac-client and openapi-spec-validator see of a served release, as a line of JSON.

usage: serve_clients.py URL

Runs in an environment of its own (serve.txt). Every failed expectation of a library is an exception.
"""

import json
import sys

import requests
from openapi_spec_validator import validate
from pystac_client import Client


def main(url: str) -> None:
    validate(requests.get(f"{url}/api", timeout=30).json())
    catalog = Client.open(f"{url}/stac")
    collections = {one.id: [item.id for item in one.get_items()] for one in catalog.get_collections()}
    found = list(catalog.search(limit=7).items())
    window = list(catalog.search(bbox=[-106.7, 25.8, -93.5, 36.6], collections=["dams"], method="GET").items())
    (first,) = catalog.search(ids=[found[0].id], max_items=1).items()
    assets = {name: asset.href for name, asset in first.assets.items()}
    read = {name: requests.get(href, timeout=30).status_code for name, href in assets.items()}
    print(
        json.dumps(
            {
                "title": catalog.title,
                "collections": collections,
                "items": [item.id for item in found],
                "window": [item.id for item in window],
                "assets": read,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
