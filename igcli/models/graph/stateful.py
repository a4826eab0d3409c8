"""Stateful operations: which draw random numbers, which write variables, which look at a batch."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from igcli.models.graph.grappler import all_nodes
from igcli.models.graph.inlined import Inlined, behind
from igcli.models.graph.rewrites import node_name

_DRAWS_ANEW = frozenset(
    """
    RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal ParameterizedTruncatedNormal
    RandomShuffle RandomPoisson RandomPoissonV2 RandomGamma Multinomial RandomCrop
    SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 FractionalMaxPool FractionalAvgPool
    StatefulUniform StatefulUniformFullInt StatefulUniformInt StatefulStandardNormal
    StatefulStandardNormalV2 StatefulTruncatedNormal StatefulRandomBinomial RngReadAndSkip
    NonDeterministicInts AnonymousSeedGenerator AllCandidateSampler UniformCandidateSampler
    LogUniformCandidateSampler LearnedUnigramCandidateSampler FixedUnigramCandidateSampler
    ThreadUnsafeUnigramCandidateSampler Timestamp
    """.split()
)
_DRAWS_FROM_A_SEED = re.compile(
    r"Stateless(Random|Truncated|Multinomial|Parameterized|Shuffle|Sample)\w*"
)
_SEEDS = re.compile(r"StatelessRandomGet\w*")
_WRITES = re.compile(
    r"Assign\w*|Resource(SparseApply|Apply|Scatter|StridedSlice)\w*|RngSkip|RngReadAndSkip"
    r"|Stateful(Uniform|Standard|Truncated|Random)\w*"
)
_BATCH_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
_CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
_BODIES = ("body", "cond", "then_branch", "else_branch")
_READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})


def has_state(graph: Any) -> bool:
    """Tell whether any operation of a graph, in functions too, draws, writes or looks at a batch.

    Cheap: where none does, nothing else here need be asked.
    """
    return any(
        _draws(node) or _WRITES.fullmatch(node.op) or is_of_batch(node) for node in all_nodes(graph)
    )


def drawn(inlined: Inlined, output: int) -> tuple[str, ...]:
    """Name what draws random numbers that an output depends on, other ones at each call.

    What is drawn from a seed that never changes is no more random than a weight.
    """
    nodes = {node.name: node for node in inlined.graph.node}
    written = set(_written_by(inlined))
    found = []
    for node in behind(nodes, [inlined.outputs[output]]):
        if _draws_from_seed(node):
            sources = behind(nodes, [i for i in node.input if not i.startswith("^")])
            changes = any(s.op in _DRAWS_ANEW or _reads(nodes, s) & written for s in sources)
            if changes:
                found.append(node)
        elif node.op in _DRAWS_ANEW:
            found.append(node)
        else:
            inner = list(_within(inlined.graph, node))
            found += [n for n in inner if n.op in _DRAWS_ANEW]
            # Which seed a loop's own draws get is not followed: one that is written counts.
            found += [n for n in inner if written and _draws_from_seed(n)]
    # What only makes a seed for another is not worth a word.
    seeds = [n for n in found if n.op == "RngReadAndSkip" or any("/igcli_" in i for i in n.input)]
    drawing = [node for node in found if node not in seeds] or found
    return tuple(sorted({_named(node) for node in drawing}))


def written(inlined: Inlined) -> tuple[str, ...]:
    """Name the variables that a call would write."""
    names = _written_by(inlined)
    return tuple(
        sorted({inlined.variables[n].name if n in inlined.variables else told(n) for n in names})
    )


def of_batch(inlined: Inlined, output: int) -> tuple[str, ...]:
    """Name the batch normalisations that an output depends on and that run as in training."""
    nodes = {node.name: node for node in inlined.graph.node}
    found = (node for node in behind(nodes, [inlined.outputs[output]]) if is_of_batch(node))
    return tuple(sorted({_named(node) for node in found}))


def is_of_batch(node: Any) -> bool:
    """Tell a batch normalisation that takes the batch's own mean and variance."""
    return node.op in _BATCH_NORMS and node.attr["is_training"].b


def is_write(node: Any) -> bool:
    """Tell an operation that writes a variable."""
    return _WRITES.fullmatch(node.op) is not None


def is_seed_of_draws(node: Any) -> bool:
    """Tell an operation that draws from a seed, or makes a key of one."""
    return _DRAWS_FROM_A_SEED.fullmatch(node.op) is not None


def told(name: str) -> str:
    """Return a node's name without the calls that it was written out of."""
    return "/".join(part for part in name.split("/") if not _CALL.fullmatch(part)) or name


def _named(node: Any) -> str:
    scope, _, last = told(node.name).rpartition("/")
    return f"{scope if scope and last.startswith(node.op) else told(node.name)} ({node.op})"


def resource_of(nodes: Mapping[str, Any], name: str) -> str:
    """Return the placeholder that a resource comes from."""
    node = nodes.get(node_name(name))
    while node is not None and node.op in {"Identity", "EnsureShape"}:
        node = nodes.get(node_name(node.input[0]))
    return node.name if node is not None else node_name(name)


def _draws(node: Any) -> bool:
    return node.op in _DRAWS_ANEW or _draws_from_seed(node)


def _draws_from_seed(node: Any) -> bool:
    return is_seed_of_draws(node) and not _SEEDS.fullmatch(node.op)


def _reads(nodes: Mapping[str, Any], node: Any) -> set[str]:
    return {resource_of(nodes, node.input[0])} if node.op in _READS else set()


def _written_by(inlined: Inlined) -> Iterator[str]:
    """Yield the placeholders of the variables that are written; a loop's count with all it gets."""
    nodes = {node.name: node for node in inlined.graph.node}
    for node in inlined.graph.node:
        if is_write(node):
            yield resource_of(nodes, node.input[0])
        elif any(is_write(inner) for inner in _within(inlined.graph, node)):
            resources = (resource_of(nodes, name) for name in node.input)
            yield from (name for name in resources if name in inlined.variables)


def _within(graph: Any, node: Any) -> Iterator[Any]:
    """Yield the nodes of a loop's or a condition's functions, and of those that they call."""
    library = {function.signature.name: function for function in graph.library.function}
    waiting = [node.attr[key].func.name for key in _BODIES if key in node.attr]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in library:
            continue
        seen.add(name)
        for inner in library[name].node_def:
            yield inner
            waiting += [value.func.name for value in inner.attr.values() if value.func.name]
