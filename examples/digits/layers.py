"""The layers of a small convolutional network, with their gradients, in numpy.

Activations are float32 [N, C, H, W], or [N, features] behind Flatten. `forward` remembers what
`backward` needs; `backward` takes the loss's gradient by the output and returns the one by the
input.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass
class Parameter:
    """A trained tensor, its gradient, and the two moments of the Adam optimizer."""

    value: Floats
    gradient: Floats = field(init=False)
    mean: Floats = field(init=False)
    square: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.gradient = np.zeros_like(self.value)
        self.mean = np.zeros_like(self.value)
        self.square = np.zeros_like(self.value)

    def adam(self, step: int, rate: float, decay: float) -> None:
        """One step of AdamW (Loshchilov and Hutter 2019), steps counted from 1."""
        self.mean = 0.9 * self.mean + 0.1 * self.gradient
        self.square = 0.999 * self.square + 0.001 * self.gradient**2
        mean = self.mean / (1 - 0.9**step)
        square = self.square / (1 - 0.999**step)
        self.value = self.value - rate * (mean / (np.sqrt(square) + 1e-8) + decay * self.value)


class Layer(Protocol):
    """What the trainer needs of a layer."""

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...

    def forward(self, x: Floats) -> Floats: ...

    def backward(self, gradient: Floats) -> Floats: ...


class Conv3x3:
    """3x3 convolution, stride 1, zero padding 1. weight: [out, in, 3, 3], bias: [out]."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        scale = np.sqrt(2 / (9 * inputs))  # He et al. 2015
        weight = rng.normal(0, scale, (outputs, inputs, 3, 3))
        self.weight = Parameter(weight.astype(np.float32))
        self.bias = Parameter(np.zeros(outputs, np.float32))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (self.weight, self.bias)

    def forward(self, x: Floats) -> Floats:
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        # [N, C, H, W, 3, 3]: the neighbourhood of every pixel
        self.windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        y = np.einsum("nchwij,ocij->nohw", self.windows, self.weight.value, optimize=True)
        return np.asarray(y + self.bias.value[:, None, None], np.float32)

    def backward(self, gradient: Floats) -> Floats:
        self.bias.gradient = gradient.sum(axis=(0, 2, 3))
        self.weight.gradient = np.einsum("nohw,nchwij->ocij", gradient, self.windows, optimize=True)
        # The transposed convolution is one with the kernel turned by 180 degrees.
        padded = np.pad(gradient, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        turned = self.weight.value[:, :, ::-1, ::-1]
        return np.asarray(np.einsum("nohwij,ocij->nchw", windows, turned, optimize=True))


class Relu:
    """max(x, 0)."""

    parameters: tuple[Parameter, ...] = ()

    def forward(self, x: Floats) -> Floats:
        self.positive = x > 0
        return x * self.positive

    def backward(self, gradient: Floats) -> Floats:
        return gradient * self.positive


class MaxPool2x2:
    """Largest of each 2x2 block; height and width are even."""

    parameters: tuple[Parameter, ...] = ()

    def forward(self, x: Floats) -> Floats:
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
        y = blocks.max(axis=(3, 5), keepdims=True)
        self.winners = blocks == y
        return np.asarray(y.reshape(n, c, h // 2, w // 2))

    def backward(self, gradient: Floats) -> Floats:
        n, c, h, w = gradient.shape
        # Equal values share the gradient.
        shared = self.winners / self.winners.sum(axis=(3, 5), keepdims=True)
        spread = shared * gradient[:, :, :, None, :, None]
        return np.asarray(spread.reshape(n, c, 2 * h, 2 * w), np.float32)


class Flatten:
    """[N, C, H, W] to [N, C * H * W]."""

    parameters: tuple[Parameter, ...] = ()

    def forward(self, x: Floats) -> Floats:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient: Floats) -> Floats:
        return gradient.reshape(self.shape)


class Dense:
    """x @ weight.T + bias. weight: [out, in], bias: [out]."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator) -> None:
        weight = rng.normal(0, np.sqrt(1 / inputs), (outputs, inputs))
        self.weight = Parameter(weight.astype(np.float32))
        self.bias = Parameter(np.zeros(outputs, np.float32))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (self.weight, self.bias)

    def forward(self, x: Floats) -> Floats:
        self.x = x
        return x @ self.weight.value.T + self.bias.value

    def backward(self, gradient: Floats) -> Floats:
        self.bias.gradient = gradient.sum(axis=0)
        self.weight.gradient = gradient.T @ self.x
        return gradient @ self.weight.value
