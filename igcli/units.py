"""Sizes and durations as people read them."""


def in_bytes(count: int) -> str:
    """Return a size with a unit, powers of 1024: 1.5 GB."""
    power = min(max(0, (max(count, 1).bit_length() - 1) // 10), 4)
    return f"{count / 1024**power:.3g} {('B', 'KB', 'MB', 'GB', 'TB')[power]}"


def in_time(seconds: float) -> str:
    """Return a duration with a unit: 12 s, 45 min, 3 h 20 min."""
    if seconds < 100.0:
        return f"{seconds:.2g} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
