"""Every product's folder opens whole in five readers, with the same columns, types and values."""

from pathlib import Path

import pyarrow as pa
import pytest
from readers import HIDDEN, READERS, comparable


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_sees_every_row_as_written(reader: str, product: Path, tables: dict[str, pa.Table]):
    expected = tables[product.name]
    columns = [name for name in expected.column_names if name not in HIDDEN.get(reader, ())]
    seen = READERS[reader](product / "data", expected.schema)

    assert sorted(seen.column_names) == sorted(columns)
    seen, expected = comparable(seen, columns), comparable(expected, columns)
    assert seen.schema == expected.schema
    assert seen.num_rows == expected.num_rows
    different = [name for name in columns if not seen[name].equals(expected[name])]
    assert not different, f"{reader} reads other values in {different}"


def test_the_region_of_the_path_is_text_that_no_column_repeats(product: Path, tables: dict[str, pa.Table]):
    rows = tables[product.name]
    assert rows.column_names.count("region") == 1
    assert rows.schema.field("region").type == pa.string()
    claimed = [code or "unassigned" for code in rows["region_code"].to_pylist()]
    assert rows["region"].to_pylist() == claimed
