"""Pixel operations: what a graph's nodes may do to an input before its numbers meet weights."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
# Functions of each number by itself.
_CURVES = frozenset(
    "Sqrt Rsqrt Square Pow Log Log1p Exp Expm1 Tanh Sigmoid Softplus Erf Atan Sin Cos".split()
)
# They change numbers: what scales an input is named after the first of them.
CHANGING = (
    NORMS
    | _CURVES
    | frozenset("Mul Sub Add AddV2 RealDiv Div DivNoNan Xdivy BiasAdd FloorDiv".split())
)
PASSING = CHANGING | frozenset(
    "Cast Identity IdentityN StopGradient PreventGradient CheckNumerics Snapshot Neg Reciprocal "
    "Reshape ExpandDims Squeeze Transpose Pad PadV2 MirrorPad StridedSlice Slice ReverseV2 Reverse "
    "Split SplitV Unpack Pack ConcatV2 Concat GatherV2 Gather Tile BroadcastTo Select SelectV2 "
    "ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea ScaleAndTranslate CropAndResize "
    "ClipByValue Minimum Maximum Mean Sum Min Max SquaredDifference Abs Sign Floor Ceil Round Rint "
    "AddN SpaceToBatchND BatchToSpaceND SpaceToDepth PlaceholderWithDefault EnsureShape "
    "AvgPool AvgPool3D MaxPool MaxPoolV2 MaxPool3D Relu Relu6 ExtractImagePatches Roll "
    "ImageProjectiveTransformV2 ImageProjectiveTransformV3 RGBToHSV HSVToRGB AdjustHue "
    "AdjustSaturation AdjustContrastv2 TensorListStack Copy DeepCopy".split()
)
# They tell of an input's size, or check it, and nothing of its numbers goes on.
ASIDE = frozenset(
    "Shape ShapeN Size Rank Assert NoOp Less LessEqual Greater GreaterEqual Equal NotEqual "
    "IsNan IsInf IsFinite All Any ZerosLike OnesLike".split()
)
LISTS = frozenset({"TensorListFromTensor"})
# What bodies of loops and branches hold besides.
_IN_FUNCTIONS = (
    LISTS
    | ASIDE
    | frozenset(
        "Const Placeholder Range Fill LogicalAnd LogicalOr LogicalNot TensorListGetItem "
        "TensorListSetItem TensorListReserve TensorListElementShape TensorListLength".split()
    )
)
_CALLED = {
    "While": ("body",),
    "StatelessWhile": ("body",),
    "If": ("then_branch", "else_branch"),
    "StatelessIf": ("then_branch", "else_branch"),
    "PartitionedCall": ("f",),
    "StatefulPartitionedCall": ("f",),
}
_MULTIPLYING = (
    "Conv",
    "MatMul",
    "Einsum",
    "DepthwiseConv",
    "BatchMatMul",
    "_Fused",
    "XlaConv",
    "XlaDot",
    "CudnnRNN",
    "SparseTensorDense",
    "Quantized",
    "Embedding",
    "ReadVariableOp",
    "ResourceGather",
)


def calls(node: Any) -> bool:
    """Tell whether a node runs functions of its graph: a loop, a condition, a call."""
    return node.op in _CALLED


def only_pixels(node: Any, functions: Mapping[str, Any]) -> bool:
    """Tell whether what a node runs does nothing but what may be done to pixels."""
    return all(
        inner.op in PASSING or inner.op in _IN_FUNCTIONS or calls(inner)
        for inner in _inside(node, functions)
    )


def multiplies(node: Any, functions: Mapping[str, Any]) -> bool:
    """Tell whether a node, or what it runs, has weights."""
    nodes: Iterable[Any] = (node, *_inside(node, functions))
    return any(inner.op.startswith(_MULTIPLYING) for inner in nodes)


def _inside(node: Any, functions: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the nodes of all functions that a node runs, at any depth."""
    waiting, seen = [node], set[str]()
    while waiting:
        outer = waiting.pop()
        for key in _CALLED.get(outer.op, ()):
            name = outer.attr[key].func.name
            if name in seen or name not in functions:
                continue
            seen.add(name)
            for inner in functions[name].node_def:
                yield inner
                waiting.append(inner)
