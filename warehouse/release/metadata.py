"""What describes a release to machines: datapackage.json, JSON Schemas, CITATION.cff and .zenodo.json, all from the dictionary."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from warehouse.dictionary import Column, Relation, dictionary

TITLE = "chiso: Vietnamese provincial indices from the news"
_ABOUT = (
    "Scores, ranks and changes of Vietnamese provinces, ministries, districts and departments in PAR INDEX, SIPAS, PCI, PAPI, DTI and other "
    "indices, read out of public news, each with its verbatim sentence and source, reconciled over all sources."
)
_LICENSE = "Apache-2.0"
_HOME = "https://www.apache.org/licenses/LICENSE-2.0"
_TYPES = {
    "varchar": "string",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamptz": "datetime",
}
_PRIMARY = re.compile(r"primary key \((.*)\)")
_FOREIGN = re.compile(r"foreign key \((.*?)\) references (\w+) \((.*)\)")


def _kind(column: Column) -> str:
    return _TYPES.get(column.type, "string" if column.type.endswith("[]") else "number")


def _names(text: str) -> list[str]:
    return [name.strip().strip('"') for name in text.split(",")]


def keys(relation: Relation) -> tuple[list[str], list[tuple[list[str], str, list[str]]]]:
    """Return the columns of a relation's primary key, and its foreign keys: columns, table, columns there."""
    primary = [_names(found[1]) for text in relation.constraints if (found := _PRIMARY.fullmatch(text))]
    foreign = [(_names(f[1]), f[2], _names(f[3])) for text in relation.constraints if (f := _FOREIGN.fullmatch(text))]
    return (primary[0] if primary else []), foreign


def datapackage(tables: Mapping[str, pa.Table], version: str, moment: datetime) -> str:
    """Return datapackage.json: a resource a table, its CSV, with types, keys and descriptions."""
    package = {
        "name": "chiso",
        "title": TITLE,
        "description": _ABOUT,
        "version": version,
        "created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "licenses": [{"name": _LICENSE, "path": _HOME}],
        "resources": [_resource(dictionary()[name], tables) for name in tables],
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def _resource(relation: Relation, tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    primary, foreign = keys(relation)
    schema: dict[str, Any] = {"fields": [_field(column) for column in relation.columns], "missingValues": [""]}
    if primary:
        schema["primaryKey"] = primary
    references = [
        {"fields": columns, "reference": {"resource": table, "fields": there}} for columns, table, there in foreign if table in tables
    ]
    if references:
        schema["foreignKeys"] = references
    return {
        "name": relation.name, "type": "table", "path": f"{relation.name}.csv", "scheme": "file", "format": "csv", "mediatype": "text/csv",
        "encoding": "utf-8", "title": relation.en, "description": relation.vi, "rows": tables[relation.name].num_rows, "schema": schema,
    }  # fmt: skip


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _kind(column), "title": column.vi, "description": column.en}
    # CSV writes no text and an empty text alike.
    if column.required and field["type"] != "string":
        field["constraints"] = {"required": True}
    return field


def json_schema(name: str) -> str:
    """Return the JSON Schema of a row of a table."""
    relation = dictionary()[name]
    properties = {}
    for column in relation.columns:
        kind: dict[str, Any] = {"type": _json_type(column.type)}
        if column.type.endswith("[]"):
            kind = {"type": "array", "items": {"type": [_json_type(column.type.removesuffix("[]")), "null"]}}
        if not column.required:
            kind["type"] = [kind["type"], "null"]
        if column.type in {"date", "timestamptz"}:
            kind["format"] = "date" if column.type == "date" else "date-time"
        properties[column.name] = {**kind, "description": column.en}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": relation.en, "description": relation.vi, "type": "object",
        "properties": properties, "required": [column.name for column in relation.columns], "additionalProperties": False,
    }  # fmt: skip
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _json_type(sql: str) -> str:
    if sql.endswith("[]"):
        return "array"
    return {"integer": "integer", "bigint": "integer", "double": "number", "boolean": "boolean"}.get(
        sql, "number" if "decimal" in sql else "string"
    )


def citation(version: str, moment: datetime) -> str:
    """Return CITATION.cff."""
    return (
        f'cff-version: 1.2.0\nmessage: "Please cite the version that you used, and the sources of the figures."\ntitle: "{TITLE}"\n'
        f'type: dataset\nauthors:\n  - name: "The chiso developers"\nversion: "{version}"\ndate-released: "{moment:%Y-%m-%d}"\nlicense: {_LICENSE}\n'
    )


def zenodo(version: str, moment: datetime) -> str:
    """Return .zenodo.json."""
    return json.dumps({
        "title": TITLE, "description": _ABOUT, "upload_type": "dataset", "version": version, "publication_date": f"{moment:%Y-%m-%d}",
        "creators": [{"name": "The chiso developers"}], "license": "apache-2.0", "language": "vie",
        "keywords": ["Vietnam", "governance", "PAR INDEX", "SIPAS", "PCI", "PAPI", "DTI"],
    }, ensure_ascii=False, indent=1) + "\n"  # fmt: skip
