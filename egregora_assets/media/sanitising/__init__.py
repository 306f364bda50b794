"""Files as they may be published: the same picture, sound or video, and nothing that was said beside it.

One module per family of formats. Each writes a new file from what it understands; what it does not understand is refused
and never passed through.
"""

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.files import MAX_FILE_BYTES, sanitise_file
from egregora_assets.media.sanitising.outcome import Sanitised
from egregora_assets.media.sanitising.recipes import RECIPE, SANITISABLE, picture_digest, sanitised

__all__ = [
    "MAX_FILE_BYTES",
    "RECIPE",
    "SANITISABLE",
    "NotSanitised",
    "Sanitised",
    "picture_digest",
    "sanitise_file",
    "sanitised",
]
