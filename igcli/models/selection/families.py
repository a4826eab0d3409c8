"""Families: models of ``keras.applications``, known by the names of their layers and weights."""

import re
from collections.abc import Iterable

# The first that fits: each name of a line must be there, as a whole name.
_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("MobileNetV3", ("expanded_conv_1_expand|expanded_conv_1/expand", "expanded_conv_2_project")),
    ("MobileNetV3", (r"expanded_conv(_\d+)?_squeeze_excite_conv", r"expanded_conv_\d+_project")),
    ("MobileNetV2", ("block_1_expand", "block_2_project", "expanded_conv_depthwise")),
    ("MobileNet", ("conv_dw_1", "conv_pw_1", "conv_pw_13")),
    ("Xception", ("block2_sepconv1", "block4_sepconv2", "block14_sepconv2")),
    ("InceptionResNetV2", (r"block35_1_(conv|mixed)", r"block17_1_(conv|mixed)", "conv_7b")),
    ("InceptionV3", ("mixed0", "mixed5", "mixed10")),
    ("NASNet", (r".*normal_left1_.*", r".*reduction_left1_.*")),
    ("DenseNet", (r"conv2_block1_concat|conv2_block1_0_bn", "conv3_block1_1_conv", "pool2_conv")),
    ("ResNetV2", (r"conv2_block1_preact_(bn|relu)", "conv5_block3_1_conv")),
    ("ResNeXt", ("conv2_block1_2_reduce", "conv2_block1_1_conv")),
    ("ResNet", ("conv1_conv", "conv2_block1_1_conv", "conv5_block3_3_conv")),
    ("ResNet", ("res2a_branch2a", "res5c_branch2c")),
    ("VGG", ("block1_conv1", "block1_conv2", "block3_conv3", "block5_conv3")),
    ("EfficientNetV2", (r"block1a_project_conv", r"block4a_dwconv2")),
    ("EfficientNet", ("block1a_dwconv", "block2a_expand_conv", "top_conv")),
    ("ConvNeXt", (r".*stage_0_block_0_depthwise_conv", r".*stage_3_block_0_.*")),
    ("RegNet", (r".*prestem_.*|.*stem_conv", r".*stage_0_block_0_conv_1x1_1")),
)


def family_of(names: Iterable[str]) -> str:
    """Return the family that a model's names are of; empty for none that is known."""
    lines = "\n".join(sorted(set(names)))
    for family, marks in _MARKS:
        if all(re.search(f"^(?:{mark})$", lines, re.MULTILINE) for mark in marks):
            return family
    return ""
