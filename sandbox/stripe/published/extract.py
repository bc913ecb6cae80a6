"""Extracts what the sandbox needs from Stripe's published files.

Run it again after a change of the pinned SDK or of the operations in `OPERATIONS`: `python -m
sandbox.stripe.published.extract path/to/stripe-mock/embedded/openapi`. It needs the `stripe`
package; the sandbox itself reads only the small file that this writes.
"""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

OPERATIONS = {
    "POST /v1/customers": "CustomerCreateParams",
    "GET /v1/customers": "CustomerListParams",
    "GET /v1/customers/{customer}": "CustomerRetrieveParams",
    "POST /v1/customers/{customer}": "CustomerUpdateParams",
    "POST /v1/payment_intents": "PaymentIntentCreateParams",
    "GET /v1/payment_intents": "PaymentIntentListParams",
    "GET /v1/payment_intents/search": "PaymentIntentSearchParams",
    "GET /v1/payment_intents/{intent}": "PaymentIntentRetrieveParams",
    "POST /v1/payment_intents/{intent}": "PaymentIntentUpdateParams",
    "POST /v1/payment_intents/{intent}/confirm": "PaymentIntentConfirmParams",
    "POST /v1/payment_intents/{intent}/cancel": "PaymentIntentCancelParams",
    "POST /v1/payment_intents/{intent}/capture": "PaymentIntentCaptureParams",
    "GET /v1/charges": "ChargeListParams",
    "GET /v1/charges/{charge}": "ChargeRetrieveParams",
    "POST /v1/refunds": "RefundCreateParams",
    "GET /v1/refunds": "RefundListParams",
    "GET /v1/refunds/{refund}": "RefundRetrieveParams",
    "POST /v1/refunds/{refund}": "RefundUpdateParams",
    "GET /v1/events": "EventListParams",
    "GET /v1/events/{id}": "EventRetrieveParams",
    "POST /v1/payment_methods": "PaymentMethodCreateParams",
    "GET /v1/payment_methods": "PaymentMethodListParams",
    "GET /v1/payment_methods/{payment_method}": "PaymentMethodRetrieveParams",
    "POST /v1/payment_methods/{payment_method}/attach": "PaymentMethodAttachParams",
    "POST /v1/payment_methods/{payment_method}/detach": "PaymentMethodDetachParams",
}
OBJECTS = ("customer", "payment_intent", "charge", "refund", "payment_method")
ANYTHING = {"type": "anything"}
_DEPTH = 4


def _form(schema: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    if "anyOf" in schema:
        return _choice(schema["anyOf"], depth)
    if "enum" in schema:
        return {"type": "enum", "values": schema["enum"]}
    if schema.get("type") == "array":
        return {"type": "array", "items": _form(schema["items"], depth + 1)}
    if schema.get("type") == "object":
        return _object(schema, depth)
    return {"type": schema["type"]}


def _object(schema: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth > _DEPTH:
        return ANYTHING
    if "properties" not in schema:
        return {"type": "map"}
    fields = {name: _form(part, depth + 1) for name, part in schema["properties"].items()}
    required = schema.get("required", [])
    return {"type": "object", "fields": fields, "required": required}


def _choice(options: list[dict[str, Any]], depth: int) -> dict[str, Any]:
    real = [option for option in options if option.get("enum") != [""]]
    emptiable = {"emptiable": True} if len(real) < len(options) else {}
    if len(real) == 1:
        return _form(real[0], depth) | emptiable
    return {"type": "choice", "options": [_form(option, depth) for option in real]} | emptiable


def _query(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    asked = [part for part in parameters if part["in"] == "query"]
    return {
        "type": "object",
        "fields": {part["name"]: _form(part["schema"], 1) for part in asked},
        "required": [part["name"] for part in asked if part.get("required")],
    }


def _sdk_names(params_class: str) -> set[str]:
    module = re.sub(r"(?<!^)([A-Z])", r"_\1", params_class).lower()
    params = getattr(importlib.import_module(f"stripe.params._{module}"), params_class)
    options = importlib.import_module("stripe._request_options").RequestOptions
    return set(params.__annotations__) - set(options.__annotations__)


def _versions() -> list[str]:
    """Return every version that a request may name; the SDK lists them for webhook endpoints."""
    module = importlib.import_module("stripe.params._webhook_endpoint_create_params")
    annotation = module.WebhookEndpointCreateParams.__annotations__["api_version"]
    return sorted(re.findall(r"20\d\d-\d\d-\d\d[.\w]*", str(annotation)))


def _request(spec: dict[str, Any], operation: str, params_class: str) -> dict[str, Any]:
    method, path = operation.split(" ")
    published = spec["paths"][path][method.lower()]
    if method == "POST":
        content = published["requestBody"]["content"]
        form = _form(content["application/x-www-form-urlencoded"]["schema"])
        form.setdefault("fields", {})
    else:
        form = _query(published["parameters"])
    newer = _sdk_names(params_class) - set(form["fields"])
    form["fields"] |= dict.fromkeys(sorted(newer), ANYTHING)
    if "allowed_payment_method_types" in newer:
        form["fields"]["allowed_payment_method_types"] = {
            "type": "array",
            "items": {"type": "string"},
        }
    return form


def _nulls(spec: dict[str, Any], fixture: dict[str, Any], name: str) -> list[str]:
    properties = spec["components"]["schemas"][name]["properties"]
    return sorted(
        key for key, part in properties.items() if part.get("nullable") and key in fixture
    )


def extract(folder: Path) -> dict[str, Any]:
    """Return the requests by operation and the always present, nullable keys by object."""
    spec = json.loads((folder / "spec3.json").read_text())
    fixtures = json.loads((folder / "fixtures3.json").read_text())["resources"]
    return {
        "version": importlib.import_module("stripe").api_version,
        "versions": _versions(),
        "requests": {
            operation: _request(spec, operation, params_class)
            for operation, params_class in OPERATIONS.items()
        },
        "nulls": {name: _nulls(spec, fixtures[name], name) for name in OBJECTS},
    }


if __name__ == "__main__":
    target = Path(__file__).with_name("published.json")
    text = json.dumps(extract(Path(sys.argv[1])), indent=None, separators=(",", ":"))
    target.write_text(text + "\n")
