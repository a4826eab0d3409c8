"""Families: published models, known by the names of their layers and weights.

Those of ``keras.applications`` have names of their own inside. A backbone of keras-hub has its
class' name, and was trained behind a preprocessor of its preset's, which no export holds.
"""

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
_HUB = re.compile(
    r"^(?:vi_t|dei_t|res_net|vgg|dense_net|mobile_net(?:_v\d)?|efficient_net|csp_net|csp_dark_net|"
    r"mi_t|hg_net_v2|xception|swin_transformer|dino_v\d|sig_lip_vision|clip_vision)_backbone$",
    re.MULTILINE,
)
OF_HUB = "keras-hub"


def family_of(names: Iterable[str]) -> str:
    """Return the family that a model's names are of; empty for none that is known."""
    lines = "\n".join(sorted(set(names)))
    for family, marks in _MARKS:
        if all(re.search(f"^(?:{mark})$", lines, re.MULTILINE) for mark in marks):
            return family
    return OF_HUB if _HUB.search(lines) else ""
