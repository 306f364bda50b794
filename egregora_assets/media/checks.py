"""Asset checks of media."""

from __future__ import annotations

from egregora_assets.media import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("media", verify.objects_are_stored),
    check("media", verify.members_are_accepted, warn=True),
    check("message_media", verify.links_lead_to_files),
    check("media_thumbnails", verify.pictures_are_decoded, warn=True),
    check("media_duplicates", verify.groups_follow_from_pairs),
    check("media_public", verify.published_copies_are_sanitised, blocking=True),
    check("media_public", verify.nothing_hidden_is_published, blocking=True),
    check("media_public", verify.media_can_be_published, warn=True),
    check("media_verification", verify.stored_files_are_sound),
)
