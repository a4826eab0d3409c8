"""The remotes: where the examples' files come from, and the hash that each must have."""

from igcli.reproduce.fetch import Remote

_KERAS = "https://storage.googleapis.com/tensorflow/"
_TENSORFLOW = "https://storage.googleapis.com/download.tensorflow.org/"

# The SHA-256 is in Keras' own keras.datasets.mnist.
DIGITS = Remote(
    "mnist.npz",
    _KERAS + "tf-keras-datasets/mnist.npz",
    "--data",
    "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)
# The MD5s are in Keras' own keras.applications.
RESNET = Remote(
    "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5",
    _KERAS + "keras-applications/resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels.h5",
    "--model",
    "md5:3ef43a0b657b3be2300d5770ece849e0",
)
CLASS_INDEX = Remote(
    "imagenet_class_index.json",
    _TENSORFLOW + "data/imagenet_class_index.json",
    "--labels",
    "md5:c2c37ea517e94d9795004a39431a14cb",
)
# alibi has the photos in its wheel, whose SHA-256 PyPI publishes.
CATS = Remote(
    "alibi-0.9.4-py3-none-any.whl",
    "https://files.pythonhosted.org/packages/cb/ba/"
    "8781c32ced5e554b8c573af5e6888e2f2eef7700295a048c15fdb7af8b23/alibi-0.9.4-py3-none-any.whl",
    "--data",
    "sha256:85f014f3d451273209f3aea3e31dd79b7cdd2969224718c19c171dc94873e4b0",
    "a folder of the photos in its alibi/data/cats.tar.gz (or of any photos)",
)
# Nobody has published a hash of the tutorial's files.
FIREBOAT = Remote(
    "fireboat.jpg",
    _TENSORFLOW + "example_images/San_Francisco_fireboat_showing_off.jpg",
    "--data",
    what="a photo, or a folder of photos,",
)
PANDA = Remote(
    "giant-panda.jpg",
    _TENSORFLOW + "example_images/Giant_Panda_2.jpeg",
    "--data",
    what="a photo, or a folder of photos,",
)
LABELS = Remote("ImageNetLabels.txt", _TENSORFLOW + "data/ImageNetLabels.txt", "--labels")
INCEPTION = Remote(
    "inception_v1_classification_4.tar.gz",
    "https://tfhub.dev/google/imagenet/inception_v1/classification/4?tf-hub-format=compressed",
    "--model",
    what="the SavedModel folder in it",
)
# The SHA-256 that Flux.jl and many others pin.
FLOWERS = Remote(
    "iris.data",
    "https://archive.ics.uci.edu/ml/machine-learning-databases/iris/iris.data",
    "--data",
    "sha256:6f608b71a7317216319b4d27b4d9bc84e6abd734eda7872b71a458569e2656c0",
)
