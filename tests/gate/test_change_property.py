"""What a change names: the words of its texts."""

from __future__ import annotations
