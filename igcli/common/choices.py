"""The choices: names that settings take, defaults and limits, known without the code behind them.

The command line shows them, so nothing here may import numpy. What a name stands for is a table
where the work is done, with these names as keys.
"""

ADAPTIVE = "adaptive"
RULES = (
    "gausslegendre",
    "riemann_left",
    "riemann_middle",
    "riemann_right",
    "riemann_trapezoid",
)
METHODS = (ADAPTIVE, *RULES)
DEFAULT_STEPS = 50
DEFAULT_TOLERANCE = 0.05
DEFAULT_MIN_STEPS = 9
DEFAULT_MAX_STEPS = 256
MOST_STEPS = 4097

# What is certified, and what is stored, of a picture's map.
PIXELS = "pixels"
REGIONS = "regions"
STORED = (PIXELS, REGIONS)
FLOAT32 = "float32"
FLOAT16 = "float16"
STORE_DTYPES = (FLOAT32, FLOAT16)

# By the model, which must be loaded for it.
AUTO = "auto"
PREPROCESS = ("unit", "symmetric", "raw", "caffe", "torch")
# What the causal test covers cells with.
FILLS = ("mean", "blur")
# What `--where` takes.
WHERE = "wrong, right, class=NAME or score<V (or <=, >, >=)"

# What `run` draws; auto: the photo and its heat where pictures are large, else the overlay.
RUN_STYLES = (
    AUTO, "photo", "outlines", "overlay", "heat", "mask", "alpha", "regions", "side-by-side"
)  # fmt: skip
# What `render` begins with: the largest |delta|, the highest score, the largest estimate.
ORDERS = ("delta", "score", "error")
# How `regions` makes one number of a pixel's channels.
REDUCED = ("sum", "max")
# What a sheet may have its rows by.
BY = ("target", "prediction", "truth")
# Two explanations of an input: for what is predicted, and for what is true.
PREDICTED_TRUTH = "predicted,truth"
# In which arithmetic a model is run.
PRECISIONS = ("float32", "tf32", "bfloat16")
# What a score is.
SCORES = ("as-is", "probability", "logit")

# The sanity check: in which order layers are redrawn, from what, and which maps are looked at.
CASCADE, INDEPENDENT = "cascade", "independent"
SANITY_ORDERS = (CASCADE, INDEPENDENT)
INITIAL, PERMUTED = "initial", "permuted"
REDRAWS = (INITIAL, PERMUTED)
IG, EDGES = "ig", "edges"
SANITY_MAPS = (IG, EDGES)
# Those of compare's metrics that redrawn models can be judged by: scores of another size change the
# others.
SANITY_METRICS = ("cosine", "spearman", "coarse", "top1", "top5", "top10", "signs", "moved")
