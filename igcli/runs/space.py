"""The space that a run's arrays will take on the disk."""

import shutil
from math import prod

from igcli.common.arrays import Warn
from igcli.common.text import in_bytes
from igcli.runs.planning.plan import Plan


def tell_of_space(plan: Plan, rows: int, warn: Warn) -> None:
    """Warn where the arrays alone will fill the disk, or there is no room to pack them.

    `rows` is how many explanations are still to come.
    """
    map_bytes, row_bytes = 4 * prod(plan.maps.shape), plan.maps.row_bytes
    parts = rows * row_bytes
    needed = parts + (rows * map_bytes if "npy" in plan.config.save else 0)
    packed = len(plan.names) * plan.targets.per_input * row_bytes
    free = shutil.disk_usage(plan.config.out).free
    there = f"{in_bytes(free)} are free on OUT {plan.config.out}"
    if needed > free:
        warn(
            f"the arrays take {in_bytes(needed)}, and {there}: the run will stop when the disk is "
            "full"
        )
    elif parts + packed > free:
        warn(
            f"the arrays take {in_bytes(parts)}, packing them into one file {in_bytes(packed)}, "
            f"and {there}: attributions.h5 will need the parts beside it"
        )
