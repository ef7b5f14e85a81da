"""What is told is held against Mastodon's description of it."""

import json
import re
from pathlib import Path

import jsonschema

SHAPES = json.loads((Path(__file__).parent / "shapes.json").read_text())

# Described as one of them, where a list is meant and sent.
SHAPES["operations"]["GET /api/v1/filters"] = {"type": "array", "items": {"$ref": "#/$defs/V1Filter"}}
# Where we differ from the description: the field, and why.
FAULTS = {
    "/most_recent_notification_id": "described as a number, where ours would not fit into one of JavaScript",
}


def faults_of(value, schema):
    """Where a value is not as the description says, but for the known differences."""
    validator = jsonschema.Draft202012Validator({**schema, "$defs": SHAPES["$defs"]})
    return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}"
            for fault in validator.iter_errors(value) if not is_known(fault)]


def look_at(value, entity):
    """Holds a value against an entity of the description, and looks closer."""
    assert faults_of(value, {"$ref": f"#/$defs/{entity}"}) == []
    look_closer(value, entity)


def is_known(fault):
    path = "/" + "/".join(str(part) for part in fault.absolute_path)
    return any(path.endswith(known) for known in FAULTS)


DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def look_closer(value, where):
    """What the description does not say: ids are texts, times have milliseconds and a Z."""
    if isinstance(value, list):
        for inner in value:
            look_closer(inner, where)
    elif isinstance(value, dict):
        for name, inner in value.items():
            here = f"{where}.{name}"
            # The parameters of a scheduled post are as they came, numbers among them.
            if (name == "id" or name.endswith("_id")) and "params" not in where and inner is not None:
                assert isinstance(inner, str), here
            if name in ("created_at", "edited_at", "expires_at", "scheduled_at", "updated_at", "verified_at"):
                assert inner is None or DATE.fullmatch(inner), f"{here}: {inner}"
            look_closer(inner, here)
