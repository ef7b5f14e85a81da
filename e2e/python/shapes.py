"""The shapes of Mastodon's answers, drawn from its OpenAPI description: names, types, what is required, enumerations.

`python shapes.py mastodon-openapi.json` writes `shapes.json` anew. The texts of the description are left behind.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent / "shapes.json"
KEPT = {"type", "properties", "required", "items", "enum", "anyOf", "allOf", "$ref", "additionalProperties"}
METHODS = ("get", "post", "put", "patch", "delete")


def shape(schema):
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: shape(inner) for name, inner in value.items()}
        elif key == "$ref":
            kept[key] = value.replace("#/components/schemas/", "#/$defs/")
        elif key == "oneOf":
            # Some alternatives of the description are each other's subset, so that a value is of both.
            kept["anyOf"] = [shape(inner) for inner in value]
        elif key in KEPT:
            kept[key] = [shape(inner) for inner in value] if isinstance(value, list) else shape(value)
    # An enumeration that may be null is written as a reference beside the types.
    if "$ref" in kept and "null" in kept.get("type", []):
        return {"anyOf": [{"$ref": kept["$ref"]}, {"type": "null"}]}
    return kept


def draw(description):
    operations = {}
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            answers = methods[method]["responses"]
            good = next((answers[code] for code in ("200", "202") if code in answers), {})
            content = good.get("content", {}).get("application/json", {})
            operations[f"{method.upper()} {path}"] = shape(content["schema"]) if "schema" in content else None
    schemas = {name: shape(schema) for name, schema in description["components"]["schemas"].items()}
    return {"operations": operations, "$defs": schemas}


if __name__ == "__main__":
    drawn = draw(json.loads(Path(sys.argv[1]).read_text()))
    HERE.write_text(json.dumps(drawn, separators=(",", ":"), sort_keys=True) + "\n")
