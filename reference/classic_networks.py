"""Networks that the lectures show, as layers and input shape: `Chain(*mnist_cnn(), rng)`, `summary(*vgg16())`.

Softmax is left to the loss; everything else is as printed or, where only a figure or a name is given, as noted.
"""

from __future__ import annotations

from typing import NamedTuple

from reference.checking.arguments import named
from reference.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, Shape
from reference.op import whole

__all__ = ["Architecture", "alexnet_first_layer", "digits_cnn", "mnist_cnn", "tiny_vgg", "vgg16"]


class Architecture(NamedTuple):
    """Layers, and the shape of the examples that they are made for."""

    layers: tuple[Layer, ...]
    input_shape: Shape


@named
def mnist_cnn(classes: int = 10) -> Architecture:
    """Give the lecture's Keras model for MNIST: 28 x 28 grey images, 1,199,882 parameters.

    What surprises: 98 % of the parameters sit in the first fully connected layer. See `summary` for the table.
    Source: lecture S4:1102-1135 (E76, E78).
    """
    layers = (
        Conv2D(32, 3, activation="relu"),
        Conv2D(64, 3, activation="relu"),
        MaxPooling2D(2),
        Dropout(0.25),
        Flatten(),
        Dense(128, activation="relu"),
        Dropout(0.5),
        Dense(whole("classes", classes, 1)),
    )
    return Architecture(layers, (1, 28, 28))


@named
def digits_cnn(classes: int = 10) -> Architecture:
    """Give the lecture's MNIST model cut down for the bundled 8 x 8 digits: 16 and 32 filters, 64 units.

    Shapes are 8 -> 6 -> 4 -> 2 instead of 28 -> 26 -> 24 -> 12. Source: lecture S4:1102-1114.

    >>> from reference import summary
    >>> [row.shape for row in summary(*digits_cnn()).rows][:5]
    [(16, 6, 6), (32, 4, 4), (32, 2, 2), (32, 2, 2), (128,)]
    """
    layers = (
        Conv2D(16, 3, activation="relu"),
        Conv2D(32, 3, activation="relu"),
        MaxPooling2D(2),
        Dropout(0.25),
        Flatten(),
        Dense(64, activation="relu"),
        Dropout(0.5),
        Dense(whole("classes", classes, 1)),
    )
    return Architecture(layers, (1, 8, 8))


@named
def tiny_vgg(filters: int = 10, classes: int = 10) -> Architecture:
    """Give the example ConvNet: three times CONV, CONV, POOL with ten 3x3 filters each, for 3 x 32 x 32 images.

    Convolutions have stride 1 and padding 1 and are followed by ReLU, pooling is 2x2; one fully connected layer
    ends it. 6,440 parameters. The size of the images and the last layer are read off the figure.
    Source: lecture S2:2230-2259, S0:895-903.
    """
    whole("filters", filters, 1)
    stage = [
        Conv2D(filters, 3, padding=1, activation="relu"),
        Conv2D(filters, 3, padding=1, activation="relu"),
    ]
    layers = [*[*stage, MaxPooling2D(2)] * 3, Flatten(), Dense(whole("classes", classes, 1))]
    return Architecture(tuple(layers), (3, 32, 32))


_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


@named
def vgg16(classes: int = 1000) -> Architecture:
    """Give VGG-16: thirteen 3x3 convolutions in five stages, three fully connected layers; 138,357,544 parameters.

    What surprises: 89 % of the parameters are in the fully connected layers, and almost all of the work in the
    convolutions. A `Chain` of it takes half a gigabyte; `summary` takes nothing.
    Source: lecture S0:557-570 (the name); Simonyan and Zisserman 2014, configuration D.
    """
    layers: list[Layer] = []
    for filters, depth in _VGG16:
        layers += [Conv2D(filters, 3, padding=1, activation="relu") for _ in range(depth)]
        layers.append(MaxPooling2D(2))
    layers.append(Flatten())
    for _ in range(2):
        layers += [Dense(4096, activation="relu"), Dropout(0.5)]
    layers.append(Dense(whole("classes", classes, 1)))
    return Architecture(tuple(layers), (3, 224, 224))


@named
def alexnet_first_layer(size: int = 227) -> Architecture:
    """Give the first layer of AlexNet: 96 filters of 11x11 with stride 4; 34,944 parameters.

    What surprises: the paper says 224 pixels, which do not fit (54.25 positions); its 55 positions need 227, or
    padding 2. Source: lecture S1:49-51 (the name); Krizhevsky 2012.
    """
    return Architecture((Conv2D(96, 11, stride=4, activation="relu"),), (3, whole("size", size, 1), size))
