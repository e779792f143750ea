"""A probe of your own: one head, chosen by gradient descent, plus a pull towards near words."""

import torch
from torch import Tensor, nn

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.probes import Probe


class MyProbe(Probe):
    """A softmax over heads, a sharpness, and a penalty on distance."""

    needs = ("attention", "boundary")

    def configure(self, sizes: Sizes) -> None:
        """Create the parameters, now that the encoder's sizes are known."""
        self.choice = nn.Parameter(0.1 * torch.randn(sizes.layers * sizes.heads))
        self.sharpness = nn.Parameter(torch.tensor(5.0))
        self.pull = nn.Parameter(torch.tensor(0.1))

    def forward(self, encoding: Encoding, batch: EdgeBatch) -> Tensor:
        """Scores ``[B, W, W+1]``; column 0 is ROOT."""
        heads = self.choice.softmax(0)  # [L*H]
        maps = encoding.part("attention").flatten(1, 2)  # [B, L*H, W, W]
        mixed = torch.einsum("k,bkij->bij", heads, maps)
        to_first = encoding.part("boundary")[..., 0].flatten(1, 2)  # [B, L*H, W]
        root = torch.einsum("k,bki->bi", heads, to_first)
        word = torch.arange(batch.width, device=mixed.device)
        far = (word[:, None] - word[None, :]).abs()
        scores = self.sharpness * mixed - self.pull * far
        return torch.cat([self.sharpness * root[..., None], scores], -1)
