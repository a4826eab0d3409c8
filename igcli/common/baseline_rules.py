"""Baseline rules: when a baseline leaves little to explain."""

# Scores differ little within such a part of the larger one.
_SMALL = 1e-3
_PROBABLY = 0.5


def gives_probabilities(scores: str, last_operation: str) -> bool:
    """Tell whether scores are probabilities: as `--scores` says, or by the last operation."""
    if scores == "logit":
        return False
    return scores == "probability" or last_operation in {"softmax", "sigmoid"}


def is_class_already(baseline_score: float | None) -> bool:
    """Tell whether a baseline is itself the explained class, by the class's probability."""
    return baseline_score is not None and baseline_score > _PROBABLY


def differs_little(score: float | None, baseline_score: float | None) -> bool:
    """Tell whether an input's score is hardly another one than its baseline's."""
    if score is None or baseline_score is None:
        return False
    return abs(score - baseline_score) <= _SMALL * max(abs(score), abs(baseline_score))
