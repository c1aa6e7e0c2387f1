"""The network: a small pyramid that says where people are and where their joints lie, in one pass.

Legend: B pictures, C channels, H, W, J = 17 joints. Numbers are strides.

    picture -> 2 -> 4 -> 8 -> 16 -> 32      convolutions, then inverted residuals with wide depthwise filters
                    |    |    |     |
                    4 <- 8 <- 16 <- 32      1x1 laterals, nearest neighbours upwards
                    |    |
        heat maps at 4   at 8: box (4) and joints (34), seen from the head
     joints (17), heads (1)

A second network of the same build looks again at one person at a time, and says where their joints are.

People are points (Zhou et al. 2019, "Objects as Points"), and the point is the head: the middle of a batter is hard to
tell from that of the keeper behind them, their heads are not. A joint is where the head says and a peak of its own heat
map confirms. Plain 3x3 convolutions are what a CPU does best and carry most of the work at the fine strides.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from slowpaths.core.skeleton import NUM_JOINTS

STRIDE = 8  # sides of a picture must be multiples of it
PEOPLE_STRIDE, HEAT_STRIDE = 8, 4
JOINTS_SIDE, JOINTS_PX = 192, 128  # side of the square around one person, and how tall they are in it
_RARE = -4.6  # logit of .01: at the start nothing is a peak


class Maps(NamedTuple):
    """Hold what the network says of a batch."""

    heads: torch.Tensor  # logits that a head is here (B, 1, H/4, W/4)
    box: torch.Tensor  # middle minus cell in cells, and log of width and height in cells (B, 4, H/8, W/8)
    joints: torch.Tensor  # joints minus cell, in cells (B, 34, H/8, W/8): x, y of each joint in turn
    heat: torch.Tensor  # logits that a joint is here (B, 17, H/4, W/4)


class _Conv(nn.Sequential):
    def __init__(
        self, channels_in: int, channels_out: int, size: int = 3, *, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        conv = nn.Conv2d(channels_in, channels_out, size, stride, size // 2, groups=groups, bias=False)
        layers: list[nn.Module] = [conv, nn.BatchNorm2d(channels_out)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if act else []))


class _Inverted(nn.Module):
    """Widen, look around in each channel alone, narrow, add (Sandler et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = 2 * channels
        around = _Conv(inner, inner, 5, groups=inner)
        self.body = nn.Sequential(_Conv(channels, inner, 1), around, _Conv(inner, channels, 1, act=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class _Plain(nn.Module):
    """One ordinary convolution, added: at fine strides quicker on a CPU than widening and narrowing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = _Conv(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class CompactNet(nn.Module):
    """Find people and joints.

    Args:
        widths: Channels at strides 2, 4, 8, 16 and 32.
        depths: Residuals at strides 8, 16 and 32.
        neck: Channels of the pyramid on its way up.
        fine: Channels where joints and heads are seen.
    """

    def __init__(
        self, *, widths: tuple[int, int, int, int, int] = (16, 24, 48, 96, 160),
        depths: tuple[int, int, int] = (1, 2, 2), neck: int = 48, fine: int = 32,
    ) -> None:  # fmt: skip
        super().__init__()
        w2, w4, w8, w16, w32 = widths
        self.to4 = nn.Sequential(_Conv(3, w2, stride=2), _Conv(w2, w4, stride=2))
        self.to8 = nn.Sequential(_Conv(w4, w8, stride=2), *(_Plain(w8) for _ in range(depths[0])))
        self.to16 = nn.Sequential(_Conv(w8, w16, stride=2), *(_Inverted(w16) for _ in range(depths[1])))
        self.to32 = nn.Sequential(_Conv(w16, w32, stride=2), *(_Inverted(w32) for _ in range(depths[2])))
        self.down32, self.side16 = nn.Conv2d(w32, neck, 1), _Conv(w16, neck, 1, act=False)
        self.mix16, self.side8 = _Inverted(neck), _Conv(w8, neck, 1, act=False)
        self.mix8 = _Plain(neck)
        about = 64
        self.people = nn.Sequential(_Conv(neck, neck, 5, groups=neck), _Conv(neck, about, 1))
        self.box = nn.Conv2d(about, 4, 1)
        self.joints = nn.Conv2d(about, 2 * NUM_JOINTS, 1)
        self.down8, self.side4 = nn.Conv2d(neck, fine, 1), _Conv(w4, fine, 1, act=False)
        self.fine = nn.Sequential(nn.ReLU(inplace=True), _Conv(fine, fine))
        self.heat, self.heads = nn.Conv2d(fine, NUM_JOINTS, 1), nn.Conv2d(fine, 1, 1)
        for layer in (self.heads, self.heat):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, _RARE)

    def forward(self, pictures: torch.Tensor) -> Maps:
        """Return maps for pictures (B, 3, H, W), about -1..1, H and W multiples of 8."""
        up8, up4 = self._pyramid(pictures)
        people = self.people(up8)
        return Maps(self.heads(up4), self.box(people), self.joints(people), self.heat(up4))

    def _pyramid(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features at strides 8 and 4."""
        at4 = self.to4(pictures)
        at8 = self.to8(at4)
        at16 = self.to16(at8)
        up16 = self.mix16(_add(self.side16(at16), self.down32(self.to32(at16))))
        up8 = self.mix8(_add(self.side8(at8), up16))
        return up8, self.fine(_add(self.side4(at4), self.down8(up8)))


class JointNet(CompactNet):
    """See the joints of the person in the middle of a picture and of nobody else: the same pyramid, one head."""

    def __init__(self) -> None:
        super().__init__()
        del self.people, self.box, self.joints, self.heads

    @classmethod
    def like(cls, net: CompactNet) -> JointNet:
        """Return a network that begins with what another has learnt of everybody's joints."""
        new = cls()
        known = net.state_dict()
        new.load_state_dict({name: known[name] for name in new.state_dict()})
        return new

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:  # pyrefly: ignore[bad-override]
        """Return logits that a joint is here (B, 17, H/4, W/4) for pictures (B, 3, H, W)."""
        return self.heat(self._pyramid(pictures)[1])


Net = TypeVar("Net", bound=CompactNet)


def _add(side: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
    """Add coarse features at twice their size; a last odd line or column is dropped."""
    doubled = nn.functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
    return side + doubled[..., : side.shape[-2], : side.shape[-1]]


def as_input(pictures_BHWC: torch.Tensor) -> torch.Tensor:
    """Return pictures (B, 3, H, W), about -1..1 and channels last in memory, from uint8 RGB (B, H, W, 3)."""
    return pictures_BHWC.permute(0, 3, 1, 2).float().sub_(127.5).div_(64.0)


def fused(net: Net) -> Net:
    """Fold batch norms into the convolutions before them, in place, for inference; returns the network."""
    net.eval()
    for block in [module for module in net.modules() if isinstance(module, _Conv)]:
        conv, norm = block[0], block[1]
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        block[0], block[1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return net
