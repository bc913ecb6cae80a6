"""Channel types and the settings of the app."""

import re
from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, mapping, new_type
from sandbox.stream.grants import APP, KNOWN, MESSAGING
from sandbox.stream.problems import bad_input, does_not_exist

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FEATURES: Final = frozenset(
    {"typing_events", "read_events", "connect_events", "custom_events", "search", "reactions"}
    | {"replies", "quotes", "mutes", "uploads", "url_enrichment", "push_notifications", "polls"}
    | {"count_messages", "reminders", "user_message_reminders", "mark_messages_pending"}
    | {"delivery_events", "shared_locations", "skip_last_msg_update_for_system_msgs"}
)
_CHOICES: Final = {
    "automod": ("disabled", "simple", "AI"),
    "automod_behavior": ("flag", "block", "shadow_block"),
}


def create_type(chat: Chat, call: Call) -> Document:
    """POST /channeltypes: missing grants are those of `messaging`."""
    call.require_server()
    name = call.body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad_input("name may hold letters, digits, _ and -, at most 64 of them")
    if name in chat.store.types:
        raise bad_input(f"channel type {name} already exists")
    fresh = new_type(name, chat.store.clock.stamp(), MESSAGING)
    return chat.store.types.put(_changed(fresh, call.body))


def update_type(chat: Chat, call: Call) -> Document:
    """PUT /channeltypes/{name}: a role's grants are replaced, other roles keep theirs."""
    call.require_server()
    changed = _changed(_type(chat, call), call.body)
    return chat.store.types.put({**changed, "updated_at": chat.store.clock.stamp()})


def _changed(known: Document, body: Document) -> Document:
    changed = dict(known)
    for name, value in body.items():
        if name in _FEATURES:
            if not isinstance(value, bool):
                raise bad_input(f"{name} must be true or false")
            changed[name] = value
        elif name in _CHOICES:
            if value not in _CHOICES[name]:
                raise bad_input(f"{name} must be one of {', '.join(_CHOICES[name])}")
            changed[name] = value
    length = body.get("max_message_length", known["max_message_length"])
    if not isinstance(length, int) or not 1 <= length <= 20_000:
        raise bad_input("max_message_length must be between 1 and 20000")
    changed["max_message_length"] = length
    if "grants" in body:
        changed["grants"] = _grants(known["grants"], body["grants"])
    return changed


def _grants(known: Document, given: Any) -> Document:
    if given is None:
        return {role: sorted(held) for role, held in MESSAGING.items()}
    if not isinstance(given, dict):
        raise bad_input("grants must be an object of lists by role")
    for role, held in given.items():
        unknown = sorted(set(held or ()) - KNOWN)
        if unknown:
            raise bad_input(f"grants of role {role} name unknown permissions: {unknown}")
    return {**known, **{role: sorted(held or ()) for role, held in given.items()}}


def get_type(chat: Chat, call: Call) -> Document:
    """GET /channeltypes/{name}."""
    call.require_server()
    return _type(chat, call)


def list_types(chat: Chat, call: Call) -> Document:
    """GET /channeltypes."""
    call.require_server()
    return {"channel_types": {kind["name"]: kind for kind in chat.store.types}}


def delete_type(chat: Chat, call: Call) -> Document:
    """DELETE /channeltypes/{name}: only while no channel is of that type."""
    call.require_server()
    kind = _type(chat, call)
    if any(room.channel_type == kind["name"] for room in chat.store.rooms()):
        raise bad_input(f"channel type {kind['name']} still has channels")
    chat.store.types.drop(kind)
    return {}


def _type(chat: Chat, call: Call) -> Document:
    kind = chat.store.types.get(call.path["name"])
    if kind is None:
        raise does_not_exist(f"Can't find channel type {call.path['name']}")
    return kind


def get_app(chat: Chat, call: Call) -> Document:
    """GET /app: the settings; a client sees only what a page needs."""
    stored = chat.store.settings.get("app") or {}
    if not call.caller.server:
        public = ("name", "file_upload_config", "image_upload_config")
        settings = _app(chat, stored)
        return {"app": {name: settings[name] for name in public}}
    return {"app": _app(chat, stored)}


def update_app(chat: Chat, call: Call) -> Document:
    """PATCH /app: single settings; unknown ones are refused."""
    call.require_server()
    known = _app(chat, {})
    unknown = sorted(set(call.body) - set(known) - {"revoke_tokens_issued_before"})
    if unknown:
        raise bad_input(f"unknown settings: {unknown}")
    mapping(call.body, "grants")
    stored = chat.store.settings.get("app") or {"id": "app"}
    chat.store.settings.put({**stored, **call.body})
    return {}


def _app(chat: Chat, stored: Document) -> Document:
    off = (
        *("allow_multi_user_devices", "async_url_enrich_enabled", "auto_translation_enabled"),
        *("campaign_enabled", "disable_auth_checks", "disable_permissions_checks"),
        *("feed_audit_logs_enabled", "guest_user_creation_disabled", "image_moderation_enabled"),
        *("member_custom_on_mentioned_users_enabled", "member_custom_on_messages_enabled"),
        *("member_custom_on_typing_events_enabled", "moderation_enabled", "suspended"),
        *("moderation_audio_call_moderation_enabled", "multi_tenant_enabled", "use_hook_v2"),
        *("moderation_keyframe_video_enabled", "moderation_llm_configurability_enabled"),
        *("moderation_multitenant_blocklist_enabled", "user_response_time_enabled"),
        *("moderation_video_call_moderation_enabled",),
    )
    empty = (
        *("custom_action_handler_url", "moderation_webhook_url", "placement", "sns_key"),
        *("sns_secret", "sns_topic_arn", "sqs_key", "sqs_secret", "sqs_url", "webhook_url"),
        *("suspended_explanation",),
    )
    uploads = {
        "size_limit": 0,
        "allowed_file_extensions": [],
        "blocked_file_extensions": [],
        "allowed_mime_types": [],
        "blocked_mime_types": [],
    }
    return {
        **dict.fromkeys(off, False),
        **dict.fromkeys(empty, ""),
        "id": 1,
        "name": "sandbox",
        "organization": "sandbox",
        "permission_version": "v2",
        "enforce_unique_usernames": "no",
        "cdn_expiration_seconds": 1_209_600,
        "max_aggregated_activities_length": 0,
        "reminders_interval": 0,
        "event_hooks": [],
        "user_search_disallowed_roles": [],
        "webhook_events": [],
        "call_types": {},
        "channel_configs": {kind["name"]: kind for kind in chat.store.types},
        "file_upload_config": uploads,
        "image_upload_config": uploads,
        "policies": {},
        "push_notifications": {"version": "v2", "offline_only": False},
        **{name: value for name, value in stored.items() if name != "id"},
        "grants": {
            **{role: list(held) for role, held in APP.items()},
            **(stored.get("grants") or {}),
        },
    }
