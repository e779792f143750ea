#!/usr/bin/env bash
# pytorch-lightning 2.6.6, torch 2.13.0: fit(ckpt_path=...) takes a checkpoint out of which the optimizer's state or
# the loops were taken, to make it small or to begin to count anew, and says nothing.
#
# A guess would be that it refuses, as it does for a checkpoint of weights alone, or warns. Seen,
# with Adam, two epochs of eight steps before the checkpoint and two after it: with
# optimizer_states [] the optimizer begins anew, with other weights in the end than those of the
# whole run; without "loops", or with fit_loop {}, all four epochs are run behind the two that the weights have
# seen, 32 steps in place of 16. Each run ends with global_step 32, as if nothing were missing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 pytorch-lightning==2.6.6 numpy==2.2.6
cat > "$folder/resume.py" <<'PYTHON'
import logging
import warnings

import pytorch_lightning
import torch

warnings.simplefilter("ignore")
warnings.filterwarnings("error", message=".*(checkpoint|optimizer|loop|state).*")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)


class Line(pytorch_lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(2, 1)
        self.steps = 0

    def training_step(self, batch, number):
        self.steps += 1
        return self.line(batch[0]).square().mean()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.1)


torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(32, 2))


def fit(epochs, path=None):
    torch.manual_seed(1)
    module = Line()
    trainer = pytorch_lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1,
    )
    loader = torch.utils.data.DataLoader(data, batch_size=4)
    trainer.fit(module, loader, ckpt_path=path, weights_only=None if path is None else True)
    return module, trainer


whole, _ = fit(4)
_, half = fit(2)
half.save_checkpoint("half.ckpt")
written = torch.load("half.ckpt", weights_only=True)
loops = {name: value for name, value in written.items() if name != "loops"}
for name, changed, steps, same in (
    ("as written", written, 16, True),
    ("optimizer_states []", {**written, "optimizer_states": []}, 16, False),
    ("no loops", loops, 32, False),
    ("fit_loop {}", {**written, "loops": {"fit_loop": {}}}, 32, False),
):
    torch.save(changed, "changed.ckpt")
    module, trainer = fit(4, "changed.ckpt")
    equal = torch.equal(module.line.weight, whole.line.weight)
    print(f"{name}: {module.steps} steps, global_step {trainer.global_step}, as the whole run: {equal}")
    assert (module.steps, trainer.global_step, equal) == (steps, 32, same), name
PYTHON
cd "$folder"
"$folder/venv/bin/python" resume.py
