"""What of the quarantine may be shown beside an asset: how many pieces for which reason, without names of files and fields."""

from __future__ import annotations

from egregora_assets.privacy.scrub import quoted

_QUOTED = r"'[^']*'|\"[^\"]*\""
_FILE = r"^.*\.[A-Za-z0-9]{1,8}\b:? ?"
"""Up to the last ending of a file's name: names of files name people, and may hold spaces."""
_OURS = ("discord", "instagram", "irc", "live", "matrix", "messenger", "signal", "slack", "telegram", "whatsapp")
"""The platforms whose reasons are written here. Those of plug-ins, and of JSON Lines, may hold names of fields."""

_SHOWN_REASON = f"""
    CASE WHEN platform IN {_OURS} THEN
        coalesce(nullif(regexp_replace(regexp_replace(reason, {quoted(_QUOTED)}, '…', 'g'), {quoted(_FILE)}, ''), ''), '…')
    ELSE '…' END
"""
SUMMARY = f"""
    SELECT platform, {_SHOWN_REASON} AS reason, sum(pieces)::BIGINT AS pieces, count(DISTINCT export_id) AS exports
    FROM (
        SELECT q.*, coalesce(e.platform, CASE WHEN starts_with(q.export_id, 'live-') THEN 'live' END) AS platform
        FROM quarantine q LEFT JOIN exports e USING (export_id)
    )
    WHERE platform IS NOT NULL
    GROUP BY ALL ORDER BY pieces DESC, platform, reason LIMIT 20
"""
"""`egregora doctor` and `egregora parse` tell the reasons in full, on the terminal of the owner."""
